namespace Peregrine.Operators;

/// <summary>Operators that move, select or describe elements without computing on them, in alphabetical order.</summary>
internal static class ShapeFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        DimTensor.Schema,
        Unsqueeze.Schema,
    ];
}
