using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The product of two matrices of 16-bit integers in 32 bits.</summary>
internal static class MatMulInteger16Import
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("MatMulInteger16", Import).Inputs("A", "B").Outputs("Y");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        DataType type = n.ElementType(0) == DataType.UInt16 && n.ElementType(1) == DataType.UInt16 ? DataType.UInt32 : DataType.Int32;
        return [n.Call(new MatMul(), n.Call(new Cast(type), n[0]), n.Call(new Cast(type), n[1]))];
    }
}
