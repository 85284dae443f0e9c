using System.Numerics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.MatrixProducts;

/// <summary>Gemm and MatMul of any two matrices, computed at run time or not, batched and broadcast, each extent known or not: what is in the way is packed on every call.</summary>
/// <param name="target">What this process may generate; null for nothing.</param>
/// <param name="isPortable">Whether tiles are portable ones instead of generated ones.</param>
internal sealed class RunTimeMatrixTactic(GeneratorTarget? target, bool isPortable = false) : ITactic
{
    private const double CyclesPerSecond = 3.2e9, Share = 0.85, PortableShare = 0.45;

    public TacticId Id { get; } = new(isPortable ? "cpu.gemm.runtime.portable" : "cpu.gemm.runtime", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (target is null && !isPortable)
        {
            return new Verdict.Decline("needs generated code (AVX2 and FMA, or AVX-512, and leave to run it)");
        }

        if (MatrixProblem.Of(request, out string reason) is not { } problem)
        {
            return new Verdict.Decline(reason);
        }

        if (problem.Epilogue is { } epilogue && EpilogueLowering.WhyNot(epilogue, [.. Enumerable.Repeat(DataType.Float32, problem.Operands.Count + 1)]) is { } missing)
        {
            return new Verdict.Decline(missing);
        }

        IReadOnlyList<(MatrixShape Shape, double Cycles)> shapes = isPortable
            ? MatrixShape.Portable(problem, Vector<float>.Count)
            : MatrixShape.Candidates(problem, target!.Lanes, target.Set.VectorRegisters, device.Parallelism);
        return new Verdict.Accept(ValueList.From(shapes.Select(s => s.Shape.ToOption())), shapes[0].Cycles / (CyclesPerSecond * (isPortable ? PortableShare : Share) * device.Parallelism));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    private RunTimeMatrixKernel Make(KernelRequest request, TacticOption option, GeneratorTarget? generator)
    {
        MatrixProblem problem = MatrixProblem.Of(request, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        return new RunTimeMatrixKernel(problem, MatrixShape.Parse(option), isPortable ? null : generator);
    }
}
