using Peregrine.Operators;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>What a node of an <see cref="EpilogueGraph"/> does.</summary>
internal enum EpilogueStep
{
    /// <summary>Operand number Data.</summary>
    Operand,
    /// <summary>The float whose bits are Data; a bool constant is 0 or 1.</summary>
    Constant,
    /// <summary>The <see cref="UnaryFunction"/> Data of A.</summary>
    Unary,
    /// <summary>The <see cref="BinaryFunction"/> Data of A and B.</summary>
    Binary,
    /// <summary>A ? B : C.</summary>
    Select,
    /// <summary>1 where the bool A holds, else 0.</summary>
    BoolToFloat,
    /// <summary>A ≠ 0, also for NaN.</summary>
    FloatToBool,
    /// <summary>A · B + C, rounded once.</summary>
    MultiplyAdd,
    /// <summary>C − A · B, rounded once.</summary>
    NegatedMultiplyAdd,
    /// <summary>A times the sigmoid of B.</summary>
    SigmoidProduct,
    /// <summary>erf(A); B is a value with A's sign.</summary>
    Erf,
    /// <summary>tanh(log(1 + e^A)).</summary>
    TanhSoftplus,
}

/// <summary>One value of an epilogue; A, B, C are numbers of earlier nodes, or −1. <paramref name="IsBool"/>: a truth value, else a float32.</summary>
internal readonly record struct EpilogueNode(EpilogueStep Step, bool IsBool, int Data = 0, int A = -1, int B = -1, int C = -1)
{
    public const int MostChildren = 3;

    public bool Is(UnaryFunction function) => Step == EpilogueStep.Unary && Data == (int)function;

    public bool Is(BinaryFunction function) => Step == EpilogueStep.Binary && Data == (int)function;

    public float Value => BitConverter.Int32BitsToSingle(Data);
}
