using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>ONNX's Unique in the order of first occurrence: the values, the place of each element among them, and how often each occurs.</summary>
internal static class UniqueImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("Unique", Import).Inputs("x").Outputs("y", "idx", "counts");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        IReadOnlyList<Value?> results = n.CallWanted(new Unique(Sorted: false), [n[0]], true, false, n.Wants(1), n.Wants(2));
        return [results[0], results[2], results[3]];
    }
}
