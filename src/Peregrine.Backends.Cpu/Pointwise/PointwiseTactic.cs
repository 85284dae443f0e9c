using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Pointwise;

/// <summary>Pointwise regions of float32 and bool as one generated loop over broadcast operands. Dims may be known at run time only; the code knows which inputs are the same along a row.</summary>
internal sealed class PointwiseTactic(GeneratorTarget? target) : ITactic
{
    // More pointers than integer registers would be moved about in the inner loop.
    private const int MaxInputs = 12;

    // What an extent that is known at run time only stands for where axes are put in order: any number but 1.
    private const long Several = 7;

    private const double OperationsPerSecond = 4e9;

    public TacticId Id { get; } = new("cpu.pointwise", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: null, Epilogue: { } body, Outputs: [var output] })
        {
            return new Verdict.Decline("serves pointwise regions alone");
        }

        if (target is null)
        {
            return new Verdict.Decline("needs AVX2");
        }

        DataType[] types = [.. request.Inputs.Select(i => i.Type)];
        if (request.Inputs.Count is 0 or > MaxInputs)
        {
            return new Verdict.Decline($"takes 1 to {MaxInputs} operands, not {request.Inputs.Count}");
        }

        if (request.Inputs.Any(i => i.Role == OperandRole.Absent))
        {
            return new Verdict.Decline("an operand is absent");
        }

        if (EpilogueLowering.WhyNot(body, types) is { } missing)
        {
            return new Verdict.Decline($"cannot lower {missing}");
        }

        DataType result = EpilogueLowering.ResultType(body, types);
        if (output.Type != result)
        {
            return new Verdict.Decline($"computes {result.Name()}, the output is {output.Type.Name()}");
        }

        if (target.Set != InstructionSet.Avx512 && types.Append(result).Contains(DataType.Bool))
        {
            return new Verdict.Decline("operands of bool need AVX-512");
        }

        if (Broadcasts(request, out string problem) is not { } broadcasts)
        {
            return new Verdict.Decline(problem);
        }

        if (broadcasts.Zip(types).Any(b => b.First && b.Second == DataType.Bool))
        {
            return new Verdict.Decline("an operand of bool is the same along rows");
        }

        double bytes = request.Inputs.Append(output).Sum(MovementRequests.Bytes);
        double operations = MovementRequests.Elements(output) * EpilogueLowering.Operations(body, types) / target.Lanes;
        Verdict.Accept moving = MovementRequests.Accept(device, bytes);
        return moving with { EstimatedCost = Math.Max(moving.EstimatedCost, operations / (OperationsPerSecond * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, target?.Unchecked);

    private static Kernel Make(KernelRequest request, GeneratorTarget? generator)
    {
        bool[] broadcasts = Broadcasts(request, out _)!;
        DataType[] types = [.. request.Inputs.Select(i => i.Type), request.Outputs[0].Type];
        return new Kernel(request, broadcasts, PointwiseProgram.Compile(generator!, request.Epilogue!, types, broadcasts));
    }

    /// <summary>Which inputs are the same along a row, as far as the request tells; at run time rows that are otherwise fall apart into elements.</summary>
    private static bool[]? Broadcasts(KernelRequest request, out string problem)
    {
        problem = "";
        KernelOperand output = request.Outputs[0];
        foreach (KernelOperand operand in request.Inputs.Append(output))
        {
            bool isPlain = MovementRequests.IsPlain(operand.Layout) && (operand.Layout.InnerStride == 0 || operand.Dims[(int)operand.Layout.Order[^1]].IsStatic);
            if (!isPlain || operand.Dims.Count > output.Dims.Count)
            {
                problem = $"operand {operand} has blocks, a halo or too many dims";
                return null;
            }
        }

        bool[]? broadcasts = new PointwiseNest(Typical(output), [.. request.Inputs.Select(Typical)]).Broadcasts(out int culprit);
        if (broadcasts is null)
        {
            problem = $"operand {culprit} lies in another order than the output";
            return null;
        }

        // Without any axis all is one element.
        return broadcasts.Length == request.Inputs.Count ? broadcasts : new bool[request.Inputs.Count];
    }

    private static StoredTensor Typical(KernelOperand operand) => StoredTensor.Of([.. operand.Dims.Select(d => d.IsStatic ? d.Min : Several)], operand.Layout);

    private sealed class Kernel(KernelRequest request, bool[] broadcasts, CompiledCode code) : ICpuKernel
    {
        public IReadOnlyList<CompiledCode> Code { get; } = [code];

        // A vector of the result is stored after all operands of its elements are loaded, and operands of the result's dims are loaded nowhere else.
        public IReadOnlyList<int> OverwritableInputs { get; } =
            [.. Enumerable.Range(0, request.Inputs.Count).Where(i => request.Inputs[i].Layout == request.Outputs[0].Layout && request.Inputs[i].Type.Bits() == request.Outputs[0].Type.Bits())];

        public int TileCount(in KernelArguments arguments, int phase) => PlanOf(arguments).TileCount;

        public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker) => PlanOf(arguments).Run(arguments, tiles);

        private PointwisePlan PlanOf(in KernelArguments arguments) => PreparedCall<PointwisePlan>.Of(
            arguments, [], (request, broadcasts), static (in KernelArguments a, (KernelRequest Request, bool[] Broadcasts) s) => new(s.Request, a, s.Broadcasts));
    }
}
