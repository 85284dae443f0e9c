using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>AveragePool of a quantised image, quantised; the channels may be last.</summary>
internal static class QLinearAveragePoolImport
{
    public static readonly ForeignSchema Schema = Pool("QLinearAveragePool", n => n.Create(AveragePool.Schema)).AttributesOf(AveragePool.Schema, "dilations");

    /// <summary>The declaration of a quantised pool.</summary>
    public static ForeignSchema Pool(string name, Func<ForeignNode, Operator?> create) =>
        MicrosoftDomain.Declare(name, n => Import(n, create))
            .Inputs("X", "x_scale", "x_zero_point?", "y_scale", "y_zero_point?").Outputs("Y")
            .Flag("channels_last");

    private static IReadOnlyList<Value?>? Import(ForeignNode n, Func<ForeignNode, Operator?> create)
    {
        bool last = n.Flag("channels_last");
        if ((last ? ChannelsLast.ToFirst(n, 0) : n[0]) is not { } x || create(n) is not { } pool)
        {
            return null;
        }

        Value y = Requantization.Quantize(n, n.Call(pool, n.Call(new DequantizeLinear(), x, n[1], n[2])), 3, 0);
        return [last ? ChannelsLast.FromFirst(n, y, n.Shape(0).Rank) : y];
    }
}
