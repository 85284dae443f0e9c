using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>To which side bits move.</summary>
public enum ShiftDirection
{
    Left,
    Right,
}

/// <summary>x shifted by y bits, zeros moving in, with broadcasting; a shift by the width or more gives 0.</summary>
public sealed record BitShift(ShiftDirection Direction) : PointwiseOperator
{
    public static readonly Schema<BitShift> Schema = new Schema<BitShift>("BitShift", since: 11, a => new(a.Choice<ShiftDirection>("direction"))).Inputs("X", "Y").Outputs("Z")
        .Choice<ShiftDirection>("direction", o => o.Direction, null, ("LEFT", ShiftDirection.Left), ("RIGHT", ShiftDirection.Right));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => type.IsUnsignedInteger();

    public override Expr Body(Operands x) => Expr.Apply(Direction == ShiftDirection.Left ? BinaryFunction.ShiftLeft : BinaryFunction.ShiftRight, x[0], x[1]);
}
