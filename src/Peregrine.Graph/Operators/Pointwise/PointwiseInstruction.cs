using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The kinds of <see cref="PointwiseInstruction"/>.</summary>
internal enum PointwiseStep
{
    /// <summary>Operand number <see cref="PointwiseInstruction.Data"/>.</summary>
    Operand,
    /// <summary>The constant whose 64 bits are <see cref="PointwiseInstruction.Data"/>.</summary>
    Constant,
    Unary,
    Binary,
    Select,
    Convert,
    /// <summary>An integer cut to the width of <see cref="PointwiseInstruction.Type"/>.</summary>
    Wrap,
}

/// <summary>
/// One step of a <see cref="PointwiseProgram"/>. Values are 64 bits wide: a double for float types, a long for all others (the bit pattern for uint64, 0 or 1 for bool).
/// </summary>
/// <param name="Type">The element type that the step computes in; for Convert the type of its argument.</param>
/// <param name="Result">The element type of its result.</param>
/// <param name="Function">A <see cref="UnaryFunction"/> or <see cref="BinaryFunction"/> as a number.</param>
/// <param name="A">The first argument: the number of the instruction, later the slot, that holds it; -1 for none. B and C are alike.</param>
internal readonly record struct PointwiseInstruction(PointwiseStep Step, DataType Type, DataType Result, int Function = 0, int A = -1, int B = -1, int C = -1, long Data = 0)
{
    /// <summary>The slot that takes the result.</summary>
    public int Target { get; init; } = -1;

    /// <summary>See <see cref="ConvertExpr"/>.</summary>
    public bool Saturate { get; init; } = true;

    /// <summary>See <see cref="ConvertExpr"/>.</summary>
    public ExponentRounding Rounding { get; init; }

    public UnaryFunction Unary => (UnaryFunction)Function;

    public BinaryFunction Binary => (BinaryFunction)Function;
}
