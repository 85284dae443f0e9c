using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>FusedConv whose X, Z and Y have the channels last; W is [output channels, input channels, …] as ever.</summary>
internal static class NhwcFusedConvImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("NhwcFusedConv", Import)
        .Inputs("X", "W", "B?", "Z?").Outputs("Y")
        .AttributesOf(FusedConvImport.Schema);

    private static IReadOnlyList<Value?>? Import(ForeignNode n) =>
        ChannelsLast.ToFirst(n, 0) is { } x && (!n.Has(3) || ChannelsLast.ToFirst(n, 3) is not null)
        && FusedConvImport.Convolve(n, x, n.Has(3) ? ChannelsLast.ToFirst(n, 3) : null) is { } y ? [ChannelsLast.FromFirst(n, y, n.Shape(0).Rank)] : null;
}
