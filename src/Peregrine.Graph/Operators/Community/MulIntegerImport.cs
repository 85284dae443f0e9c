using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>(A - zero point) · (B - zero point), element by element, in int32.</summary>
internal static class MulIntegerImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("MulInteger", n => [n.Call(new Mul(), Centered(n, 0), Centered(n, 2))])
        .Inputs("A", "A_zero_point?", "B", "B_zero_point?").Outputs("C");

    private static Value Centered(ForeignNode n, int input)
    {
        Value wide = n.Call(new Cast(DataType.Int32), n[input]);
        return n.Has(input + 1) ? n.Call(new Sub(), wide, n.Call(new Cast(DataType.Int32), n[input + 1])) : wide;
    }
}
