using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Conv, then + Z where it is given, then an activation.</summary>
internal static class FusedConvImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("FusedConv", n => Convolve(n, n[0]!, n[3]) is { } y ? [y] : null)
        .Inputs("X", "W", "B?", "Z?").Outputs("Y")
        .AttributesOf(Conv.Schema).Text("activation", "").OptionalFloats("activation_params");

    /// <summary>The result; null after reporting an attribute that does not fit.</summary>
    public static Value? Convolve(ForeignNode n, Value x, Value? addend)
    {
        if (n.Create(Conv.Schema) is not { } convolution)
        {
            return null;
        }

        Value y = n.Call(convolution, x, n[1], n[2]);
        if (addend is not null)
        {
            y = n.Call(new Add(), y, addend);
        }

        return FusedActivation.Apply(n, y, n.Text("activation"), [.. (n.OptionalFloats("activation_params") ?? default).Select(p => (float?)p)]);
    }
}
