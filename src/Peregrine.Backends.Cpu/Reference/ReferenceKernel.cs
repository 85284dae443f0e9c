using Peregrine.Backends.Cpu.Workers;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Reference;

/// <summary>An operator's reference kernel over slots: one tile. Views on the operands are made when a slot is bound anew; a run on known bindings allocates nothing of its own, unless operands are to be converted to row-major.</summary>
internal sealed class ReferenceKernel : ICpuKernel
{
    public int TileCount(in KernelArguments arguments, int phase) => 1;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        ref object? kept = ref arguments.Slots.States[arguments.StepIndex];
        if (kept is not Binding binding || !binding.IsCurrent(arguments.Slots, arguments.Step))
        {
            kept = binding = new Binding(arguments.Slots, arguments.Step);
        }

        binding.Run(arguments);
    }

    private sealed class Binding
    {
        private readonly int[] _versions;
        // Row-major stand-ins of operands in other layouts; null for all others.
        private readonly Tensor?[] _inputs;
        private readonly Tensor?[] _outputs;

        public Binding(SlotTable slots, KernelStep step)
        {
            bool[] wanted = [.. step.Outputs.Select(o => o >= 0)];
            _inputs = [.. step.Inputs.Select(s => StandIn(slots, s))];
            _outputs = [.. step.Outputs.Select(s => StandIn(slots, s))];
            Scope = new(step.Operator, step.Name, step.Inputs.Count, Types(slots, step, wanted), wanted);
            for (int i = 0; i < step.Inputs.Count; i++)
            {
                Scope.BindInput(i, step.Inputs[i] < 0 ? null : _inputs[i] ?? slots.HostTensor((int)step.Inputs[i]));
            }

            for (int i = 0; i < step.Outputs.Count; i++)
            {
                Scope.BindOutput(i, step.Outputs[i] < 0 ? null : _outputs[i] ?? slots.HostTensor((int)step.Outputs[i]));
            }

            _versions = [.. step.Inputs.Concat(step.Outputs).Select(s => s < 0 ? 0 : slots.Version((int)s))];
        }

        private EvaluationScope Scope { get; }

        public unsafe void Run(in KernelArguments arguments)
        {
            for (int i = 0; i < _inputs.Length; i++)
            {
                if (_inputs[i] is { } plain)
                {
                    Layout layout = arguments.Step.Request.Inputs[i].Layout;
                    LayoutConversion.Load(new(arguments.Input(i), StoredBytes(plain, layout)), layout, plain);
                }
            }

            Scope.Execute();
            for (int i = 0; i < _outputs.Length; i++)
            {
                if (_outputs[i] is { } plain)
                {
                    Layout layout = arguments.Step.Request.Outputs[i].Layout;
                    LayoutConversion.StoreWhole(plain, layout, new(arguments.Output(i), StoredBytes(plain, layout)));
                }
            }
        }

        private static Tensor? StandIn(SlotTable slots, long slot) =>
            slot < 0 || slots.Plan.Slots[(int)slot].Layout.IsRowMajor ? null : Tensor.Allocate(((TensorType)slots.Plan.Slots[(int)slot].Type).ElementType, slots.Dims((int)slot));

        // As slots are given their memory.
        private static int StoredBytes(Tensor plain, Layout layout) => checked((int)(layout.Resolve(plain.Dims).Elements * (plain.Type.Bits() / 8)));

        /// <summary>The bound outputs tell their types; a kernel may also write one that nobody wants, which then becomes a temporary of the inferred shape.</summary>
        private static IrType[] Types(SlotTable slots, KernelStep step, bool[] wanted) => Array.TrueForAll(wanted, w => w)
            ? [.. step.Outputs.Select(o => slots.Plan.Slots[(int)o].Type)]
            : ReferenceEvaluator.InferConcrete(step.Operator, step.Name, [.. step.Inputs.Select(s => s < 0 ? null : slots.HostTensor((int)s))], [], wanted, new());

        public bool IsCurrent(SlotTable slots, KernelStep step)
        {
            int index = 0;
            foreach (long slot in step.Inputs.AsSpan())
            {
                if (slot >= 0 && slots.Version((int)slot) != _versions[index])
                {
                    return false;
                }

                index++;
            }

            foreach (long slot in step.Outputs.AsSpan())
            {
                if (slot >= 0 && slots.Version((int)slot) != _versions[index])
                {
                    return false;
                }

                index++;
            }

            return true;
        }
    }
}
