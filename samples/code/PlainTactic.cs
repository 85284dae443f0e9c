using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Samples;

/// <summary>A kernel of the sample backend: runs one step on the slots as they are bound now.</summary>
public interface IPlainKernel : IKernel
{
    void Run(SlotTable slots, KernelStep step);
}

// <tactic>
/// <summary>Serves Relu on row-major float32 tensors with one loop.</summary>
public sealed class ReluTactic : ITactic
{
    public TacticId Id { get; } = new("plain.relu", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device) =>
        request.Anchor is not Relu || request.Epilogue is not null ? new Verdict.Decline("serves Relu alone")
        : request.Inputs[0].Type != DataType.Float32 ? new Verdict.Decline("needs float32")
        : !request.Inputs[0].Layout.IsRowMajor || !request.Outputs[0].Layout.IsRowMajor ? new Verdict.Decline("needs row-major operands")
        : new Verdict.Accept([TacticOption.Default], EstimatedCost: 1e-6);

    public IKernel Compile(KernelRequest request, TacticOption option) => new Kernel();

    private sealed class Kernel : IPlainKernel
    {
        public void Run(SlotTable slots, KernelStep step)
        {
            ReadOnlySpan<float> x = slots.HostTensor((int)step.Inputs[0]).Span<float>();
            Span<float> y = slots.HostTensor((int)step.Outputs[0]).Span<float>();
            for (int i = 0; i < y.Length; i++)
            {
                // Math.Max hands NaN on, as ONNX wants.
                y[i] = Math.Max(x[i], 0);
            }
        }
    }
}
// </tactic>

/// <summary>Serves every single operator with its reference kernel: the last resort, without which a backend cannot run every model.</summary>
public sealed class PlainReferenceTactic : ITactic
{
    public TacticId Id { get; } = new("plain.reference", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device) =>
        request.Anchor is null || request.Epilogue is not null ? new Verdict.Decline("serves single operators") : new Verdict.Accept([TacticOption.Default], EstimatedCost: 1);

    public IKernel Compile(KernelRequest request, TacticOption option) => new Kernel();

    private sealed class Kernel : IPlainKernel
    {
        public void Run(SlotTable slots, KernelStep step)
        {
            IrType[] types = [.. step.Outputs.Select(o => o < 0 ? IrType.Unknown : slots.Plan.Slots[(int)o].Type)];
            EvaluationScope scope = new(step.Operator, step.Name, step.Inputs.Count, types, [.. step.Outputs.Select(o => o >= 0)]);
            for (int i = 0; i < step.Inputs.Count; i++)
            {
                scope.BindInput(i, step.Inputs[i] < 0 ? null : slots.HostTensor((int)step.Inputs[i]));
            }

            for (int i = 0; i < step.Outputs.Count; i++)
            {
                scope.BindOutput(i, step.Outputs[i] < 0 ? null : slots.HostTensor((int)step.Outputs[i]));
            }

            scope.Execute();
        }
    }
}
