using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>A backend of plain arrays whose tactics a test makes up: good ones, slow ones and wrong ones. Its last tactic is a reference that takes everything.</summary>
public sealed class ToyBackend(params ToyTactic[] tactics) : IBackend
{
    public DeviceProfile Device { get; init; } = new("toy", "Toy", Texts.Empty, [], 1);

    public IReadOnlyList<ITactic> Tactics { get; } = [.. tactics, new ToyTactic("toy.reference", ToyTactic.Reference) { EstimatedSeconds = 1000 }];

    /// <summary>Runs of kernels so far, by tactic.</summary>
    public Dictionary<string, int> Runs { get; } = new(StringComparer.Ordinal);

    /// <summary>Called before each run of a kernel, with the tactic's name.</summary>
    public Action<string>? Running { get; set; }

    public IDeviceProgram Prepare(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant>? packed = null) => new Program(this, segment, kernels);

    public DeviceBuffer Allocate(long bytes) => new Buffer(new byte[bytes]);

    public DeviceBuffer Wrap(Memory<byte> memory) => new Buffer(memory);

    public IStream CreateStream() => new Stream();

    public void Dispose()
    {
    }

    private sealed class Program(ToyBackend backend, PlanSegment segment, IReadOnlyList<IKernel> kernels) : IDeviceProgram
    {
        public void Enqueue(SlotTable slots, int first, int count, IStream stream, CancellationToken cancellation = default)
        {
            for (int i = first; i < first + count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                KernelStep step = (KernelStep)segment.Plan.Steps[i];
                backend.Running?.Invoke(step.Tactic.Name);
                backend.Runs[step.Tactic.Name] = backend.Runs.GetValueOrDefault(step.Tactic.Name) + 1;
                ((ToyTactic.Kernel)kernels[i - segment.First]).Body(slots, step);
            }
        }

        public void Dispose()
        {
        }
    }

    private sealed class Buffer(Memory<byte> memory) : DeviceBuffer
    {
        public override long Length => memory.Length;

        public override bool TryGetHostMemory(long offset, int length, out Memory<byte> found)
        {
            found = memory.Slice((int)offset, length);
            return true;
        }

        public override void Dispose()
        {
        }
    }

    private sealed class Stream : IStream
    {
        public void Synchronize()
        {
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>A made-up tactic: what its kernels do is a delegate.</summary>
public sealed class ToyTactic(string name, Action<SlotTable, KernelStep> body) : ITactic
{
    public TacticId Id => new(name, Version);

    public int Version { get; init; } = 1;

    public double EstimatedSeconds { get; init; } = 1e-6;

    public long ScratchBytes { get; init; }

    public string[] Options { get; init; } = [""];

    /// <summary>Why it declines; null if it takes the request.</summary>
    public Func<KernelRequest, string?> Declines { get; init; } = request => request.Inputs.Concat(request.Outputs).All(o => o.Layout.IsRowMajor) ? null : "needs row-major operands";

    public Verdict Consider(KernelRequest request, DeviceProfile device) =>
        Declines(request) is { } reason ? new Verdict.Decline(reason) : new Verdict.Accept(ValueList.From(Options.Select(o => new TacticOption(o))), EstimatedSeconds, "", ScratchBytes);

    public IKernel Compile(KernelRequest request, TacticOption option) => new Kernel(body);

    /// <summary>What is right: the step's operator by its reference kernel.</summary>
    public static void Reference(SlotTable slots, KernelStep step)
    {
        EvaluationScope scope = new(step.Operator, step.Name, step.Inputs.Count, [.. step.Outputs.Select(o => slots.Plan.Slots[(int)o].Type)], [.. step.Outputs.Select(_ => true)]);
        for (int i = 0; i < step.Inputs.Count; i++)
        {
            scope.BindInput(i, step.Inputs[i] < 0 ? null : slots.HostTensor((int)step.Inputs[i]));
        }

        for (int i = 0; i < step.Outputs.Count; i++)
        {
            scope.BindOutput(i, slots.HostTensor((int)step.Outputs[i]));
        }

        scope.Execute();
    }

    /// <summary>What is right, and then something that is done to the first result.</summary>
    public static Action<SlotTable, KernelStep> Spoiled(Action<Tensor> spoil) => (slots, step) =>
    {
        Reference(slots, step);
        spoil(slots.HostTensor((int)step.Outputs[0]));
    };

    internal sealed class Kernel(Action<SlotTable, KernelStep> body) : IKernel
    {
        public Action<SlotTable, KernelStep> Body { get; } = body;
    }
}
