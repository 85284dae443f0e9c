using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>ONNX's QLinearConv; the channels may be last.</summary>
internal static class QLinearConvImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("QLinearConv", Import)
        .Inputs("x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?").Outputs("y")
        .AttributesOf(QLinearConv.Schema).Flag("channels_last");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        bool last = n.Flag("channels_last");
        if ((last ? ChannelsLast.ToFirst(n, 0) : n[0]) is not { } x || n.Create(QLinearConv.Schema) is not { } convolution)
        {
            return null;
        }

        Value y = n.Call(convolution, x, n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]);
        return [last ? ChannelsLast.FromFirst(n, y, n.Shape(0).Rank) : y];
    }
}
