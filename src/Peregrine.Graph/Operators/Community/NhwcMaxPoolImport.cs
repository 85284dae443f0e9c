using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>MaxPool of an image with the channels last.</summary>
internal static class NhwcMaxPoolImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("NhwcMaxPool", Import)
        .Inputs("x").Outputs("y")
        .AttributesOf(MaxPool.Schema, "storage_order");

    private static IReadOnlyList<Value?>? Import(ForeignNode n) =>
        ChannelsLast.ToFirst(n, 0) is { } x && n.Create(MaxPool.Schema) is { } pool ? [ChannelsLast.FromFirst(n, n.Call(pool, x), n.Shape(0).Rank)] : null;
}
