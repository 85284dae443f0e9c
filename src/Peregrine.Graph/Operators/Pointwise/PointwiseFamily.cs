namespace Peregrine.Operators;

/// <summary>Operators that compute element by element, in alphabetical order.</summary>
internal static class PointwiseFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Add.Schema,
        HardSwish.Schema,
        Relu.Schema,
    ];
}
