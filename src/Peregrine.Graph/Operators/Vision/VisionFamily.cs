namespace Peregrine.Operators;

/// <summary>Images and boxes, in alphabetical order.</summary>
internal static class VisionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Resize.Schema,
        Upsample.Schema,
    ];
}
