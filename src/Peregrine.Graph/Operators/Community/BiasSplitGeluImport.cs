using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>left · Gelu(right), where left and right are the halves of X + bias along the last axis.</summary>
internal static class BiasSplitGeluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("BiasSplitGelu", Import).Inputs("X", "bias").Outputs("Y");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        IReadOnlyList<Value?> halves = n.CallMany(new Split(-1, 2), 2, n.Call(new Add(), n[0], n[1]));
        return [n.Call(new Mul(), halves[0], n.Call(new Gelu(), halves[1]))];
    }
}
