using System.Globalization;
using System.Text;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>One dimension of a request: a number, or known only at run time, within a range and always a multiple of a divisor.</summary>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value; equal to <paramref name="Min"/> for a static dimension, <see cref="long.MaxValue"/> for an unbounded one.</param>
/// <param name="Divisor">Every value is a multiple of it; 1 if nothing is known.</param>
public readonly record struct KernelDim(long Min, long Max, long Divisor)
{
    public bool IsStatic => Min == Max;

    public static KernelDim Static(long value) => new(value, value, 1);

    public override string ToString() => IsStatic
        ? Min.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Min}..{(Max == long.MaxValue ? "" : Max.ToString(CultureInfo.InvariantCulture))}{(Divisor > 1 ? $"/{Divisor}" : "")}");
}

/// <summary>What an operand is to the kernel.</summary>
public enum OperandRole
{
    /// <summary>Computed or given anew on each run.</summary>
    Activation,
    /// <summary>Constant: may be packed at build time. The values are not part of the request.</summary>
    Weight,
    /// <summary>A small constant whose values steer the computation (axes, a shape, pads); they are part of the request.</summary>
    Parameter,
    /// <summary>An optional operand that is not there.</summary>
    Absent,
}

/// <summary>Type, layout and extent of one operand.</summary>
/// <param name="Contents">The values of a <see cref="OperandRole.Parameter"/>; null otherwise.</param>
public sealed record KernelOperand(OperandRole Role, DataType Type, Layout Layout, ValueList<KernelDim> Dims, Tensor? Contents = null)
{
    public static KernelOperand Absent { get; } = new(OperandRole.Absent, DataType.Undefined, Layout.RowMajor, []);

    public override string ToString() => Role == OperandRole.Absent
        ? "_"
        : $"{Type.Name()}[{string.Join(',', Dims)}]{(Layout.IsRowMajor ? "" : $" ({Layout})")}{(Role == OperandRole.Activation ? "" : $" {Role.ToString().ToLowerInvariant()}")}{(Contents is null ? "" : $" {Convert.ToHexStringLower(Contents.Data.Span)}")}";
}

/// <summary>
/// A fused region as a question to the tactics: what to compute on which types, layouts and dims. Value-equal, hence at once the key of the timing cache, the test case and the benchmark
/// case: two layers of a network with the same request share one kernel.
/// </summary>
/// <param name="Anchor">The operator around which the region is built; null for a purely pointwise region.</param>
/// <param name="Inputs">The anchor's operands, then the further inputs of the epilogue.</param>
/// <param name="Epilogue">What happens to the anchor's result before it is stored: operand 0 is the result, operand i the i-th further input. Null: nothing.</param>
public sealed record KernelRequest(Operator? Anchor, ValueList<KernelOperand> Inputs, ValueList<KernelOperand> Outputs, Expr? Epilogue = null)
{
    /// <summary>Whether every dimension is known.</summary>
    public bool IsStatic => Inputs.Concat(Outputs).All(o => o.Dims.All(d => d.IsStatic));

    /// <summary>How many of the inputs are the anchor's; the others are the epilogue's, all of which occur in it.</summary>
    public int AnchorInputCount => Anchor is null ? 0 : Epilogue is null ? Inputs.Count : Inputs.Count - Epilogue.Parts.OfType<OperandExpr>().Max(o => o.Index);

    /// <summary>SHA-256 of <see cref="ToString"/> in hexadecimal; stable between processes and versions of the program that print alike.</summary>
    public string Fingerprint => Convert.ToHexStringLower(Sha256.Of(Encoding.UTF8.GetBytes(ToString())));

    public override string ToString() => $"{(Anchor is Chain chain ? chain.Summary : Anchor?.ToString() ?? "Pointwise")}({string.Join(", ", Inputs)}) -> {string.Join(", ", Outputs)}{(Epilogue is null ? "" : $" then {Epilogue}")}";
}
