using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests;

/// <summary>
/// One operator on given inputs as a kernel request and a plan of one step, to be run by any tactic of the CPU and compared with the operator's reference kernel. Operands lie between guard
/// bytes at an address that is aligned to no vector; the step runs twice on the same bindings, the outputs being spoilt in between.
/// </summary>
internal sealed class TacticHarness
{
    private const byte Spoilt = 0xCD;
    private const int Guard = 4096;

    private static readonly CpuBackend[] Backends = [new(1), new(2), new(3)];

    private readonly Operator _operator;
    private readonly Tensor?[] _inputs;
    private readonly Tensor?[] _expected;

    /// <param name="outputs">Which outputs are wanted; the first alone if empty.</param>
    public TacticHarness(Operator op, Tensor?[] inputs, params bool[] outputs)
    {
        _operator = op;
        _inputs = inputs;
        bool[] wanted = outputs.Length == 0 ? [true] : outputs;
        _expected = [.. ReferenceEvaluator.Evaluate(op, "node", inputs, [], wanted).Cast<Tensor?>()];
        InputLayouts = [.. inputs.Select(_ => Layout.RowMajor)];
        OutputLayouts = [.. wanted.Select(_ => Layout.RowMajor)];
        Constants = [.. Enumerable.Range(1, inputs.Length).Where(i => i < inputs.Length && inputs[i]?.Type is DataType.Int64)];
    }

    public IReadOnlyList<Tensor?> Expected => _expected;

    public Layout[] InputLayouts { get; }

    public Layout[] OutputLayouts { get; }

    /// <summary>Inputs that are constants of the plan; at first those of int64 behind the first.</summary>
    public HashSet<int> Constants { get; init; }

    /// <summary>Whether the request tells extents.</summary>
    public bool IsStatic { get; init; } = true;

    public Tolerance Tolerance { get; init; } = Tolerance.Exact;

    /// <summary>Whether activations end where memory ends, instead of lying between guard bytes.</summary>
    public bool GuardPages { get; init; }

    /// <summary>Whether every bit must be the reference's: true for what only moves elements.</summary>
    public bool IsBitwise { get; init; }

    /// <summary>Outputs whose sums an option may form in an order of its own; those of the first option count. All others are the same bit by bit.</summary>
    public HashSet<int> OwnSums { get; init; } = [];

    /// <summary>What the request says instead of the operator and no epilogue: for pointwise regions.</summary>
    public Func<KernelRequest, KernelRequest> Rephrase { get; init; } = static r => r;

    /// <summary>Puts all operands of rank 3 to 5, constants apart, into channels-last with that pixel stride.</summary>
    public TacticHarness ChannelsLast(long pixelStride = 0)
    {
        for (int i = 0; i < InputLayouts.Length; i++)
        {
            InputLayouts[i] = _inputs[i] is { Rank: >= 3 and <= 5 } && !Constants.Contains(i) ? Layout.ChannelsLast(_inputs[i]!.Rank, pixelStride) : Layout.RowMajor;
        }

        for (int i = 0; i < OutputLayouts.Length; i++)
        {
            OutputLayouts[i] = _expected[i] is { Rank: >= 3 and <= 5 } ? Layout.ChannelsLast(_expected[i]!.Rank, pixelStride) : Layout.RowMajor;
        }

        return this;
    }

    public KernelRequest Request => Rephrase(new(
        _operator, ValueList.From(_inputs.Select((t, i) => Operand(t, InputLayouts[i], Constants.Contains(i)))), ValueList.From(_expected.Select((t, i) => Operand(t, OutputLayouts[i], false)))));

    /// <summary>Why the tactic declines the request; null if it takes it.</summary>
    public string? Decline(ITactic tactic) => (tactic.Consider(Request, CpuDevice.Detect(1)) as Verdict.Decline)?.Reason;

    /// <summary>Replaces an input by one of equal type and dims, such as the reference would refuse.</summary>
    public TacticHarness With(int input, Tensor tensor)
    {
        _inputs[input] = tensor;
        return this;
    }

    /// <summary>Runs the tactic at 1, 2 and 3 workers and compares: all bits with one worker's, values with the reference's.</summary>
    public void Check(ITactic tactic)
    {
        byte[][] first = Run(tactic, 1);
        for (int i = 0; i < _expected.Length; i++)
        {
            if (_expected[i] is { } expected)
            {
                Tensor actual = LayoutConversion.ToRowMajor(expected.Type, expected.Dims, OutputLayouts[i], first[i]);
                TensorComparison comparison = TensorComparison.Compare(expected, actual, Tolerance);
                Assert.True(!IsBitwise || expected.Data.Span.SequenceEqual(actual.Data.Span), $"{tactic.Id} on {Request}: bits differ; {comparison}");
                Assert.True(comparison.IsClose, $"{tactic.Id} on {Request}: {comparison}");
                CheckPadding(expected, OutputLayouts[i], first[i], tactic);
            }
        }

        for (int workers = 2; workers <= 3; workers++)
        {
            byte[][] more = Run(tactic, workers);
            for (int i = 0; i < _expected.Length; i++)
            {
                Assert.True(first[i].AsSpan().SequenceEqual(more[i]), $"{tactic.Id} on {Request}: output {i} differs between 1 and {workers} workers");
            }
        }
    }

    /// <summary>The stored bytes of each output.</summary>
    public byte[][] Run(ITactic tactic, int workers)
    {
        CpuBackend backend = Backends[workers - 1];
        KernelRequest request = Request;
        Verdict verdict = tactic.Consider(request, backend.Device);
        if (verdict is Verdict.Decline decline)
        {
            Assert.Fail($"{tactic.Id} declines {request}: {decline.Reason}");
        }

        Verdict.Accept accept = (Verdict.Accept)verdict;
        Assert.True(accept.EstimatedCost > 0 && double.IsFinite(accept.EstimatedCost));
        byte[][] result = [];
        foreach (TacticOption option in accept.Options)
        {
            IKernel kernel = tactic.Compile(request, option);
            byte[][] found = Run(backend, request, tactic.Id, option, kernel);
            foreach (int input in kernel.OverwritableInputs.Where(i => CanOverwrite(i)))
            {
                byte[][] inPlace = Run(backend, request, tactic.Id, option, kernel, overwritten: input);
                Assert.True(inPlace.Zip(found).All(p => p.First.AsSpan().SequenceEqual(p.Second)), $"{tactic.Id} on {request}: other bits where the result overwrites input {input}");
            }

            Assert.True(result.Length == 0 || result.Zip(found).Index().All(p => OwnSums.Contains(p.Index) || p.Item.First.AsSpan().SequenceEqual(p.Item.Second)), $"{tactic.Id} on {request}: options differ");
            result = result.Length == 0 ? found : result;
        }

        return result;
    }

    /// <summary>Whether an input is as the planner demands of one in whose memory the result is written.</summary>
    private bool CanOverwrite(int input) => !Constants.Contains(input) && _inputs[input] is { } tensor && _expected[0] is { } result && tensor.Dims.SequenceEqual(result.Dims)
        && Stored(tensor, InputLayouts[input]) == Stored(result, OutputLayouts[0]) && tensor.Type.Bits() == result.Type.Bits();

    /// <param name="overwritten">The input in whose memory the first output is written; none if negative.</param>
    private byte[][] Run(CpuBackend backend, KernelRequest request, TacticId id, TacticOption option, IKernel kernel, int overwritten = -1)
    {
        List<BufferSlot> slots = [];
        List<DeviceBuffer?> constants = [];
        long[] Add(Tensor?[] tensors, Layout[] layouts, bool areInputs) => [.. tensors.Select((t, i) =>
        {
            if (t is null)
            {
                return -1L;
            }

            bool constant = areInputs && Constants.Contains(i);
            slots.Add(new(slots.Count, $"v{slots.Count}", new TensorType(t.Type, Shape.Of(t.Dims)), layouts[i], constant ? SlotKind.Constant : SlotKind.Arena, 0, 0, constant ? constants.Count : -1));
            if (constant)
            {
                constants.Add(backend.Allocate(Guard + t.Data.Length));
            }

            return slots.Count - 1L;
        })];
        KernelStep step = new("node", [], Ints.Create(Add(_inputs, InputLayouts, true)), Ints.Create(Add(_expected, OutputLayouts, false)), _operator, request, id, option);
        Plan plan = new("test", slots, [], [], [step], new([], [], [], [], []), []);
        SlotTable table = new(plan);
        List<DeviceBuffer> owned = [];
        try
        {
            for (int i = 0; i < _inputs.Length; i++)
            {
                if (_inputs[i] is { } tensor)
                {
                    int slot = (int)step.Inputs[i];
                    long bytes = Stored(tensor, InputLayouts[i]);
                    bool constant = slots[slot].Kind == SlotKind.Constant;
                    bool guarded = !constant && GuardPages && GuardedMemory.IsAvailable && bytes > 0;
                    DeviceBuffer buffer = constant ? constants[slots[slot].Target]! : guarded ? backend.Wrap(new GuardedMemory((int)bytes).Memory) : backend.Allocate(bytes + (2 * Guard));
                    owned.Add(buffer);
                    long offset = constant || guarded ? 0 : Guard - Misalignment(tensor.Type);
                    Assert.True(buffer.TryGetHostMemory(offset, (int)bytes, out Memory<byte> memory));
                    // What lies between pixels is not the operand's; who reads it finds NaN.
                    memory.Span.Fill(0xFF);
                    LayoutConversion.Store(tensor, InputLayouts[i], memory.Span);
                    table.Bind(slot, buffer, offset, tensor.Dims.ToArray());
                }
            }

            DeviceBuffer?[] targets = new DeviceBuffer?[_expected.Length];
            for (int i = 0; i < targets.Length; i++)
            {
                if (_expected[i] is { } tensor)
                {
                    targets[i] = backend.Allocate(Stored(tensor, OutputLayouts[i]) + (2 * Guard));
                    owned.Add(targets[i]!);
                    table.Bind((int)step.Outputs[i], targets[i]!, Guard - Misalignment(tensor.Type), tensor.Dims.ToArray());
                }
            }

            long scratch = kernel.ScratchBytes([.. _inputs.Select(t => t?.Dims.ToArray())], [.. _expected.Select(t => t?.Dims.ToArray())]);
            if (scratch > 0)
            {
                DeviceBuffer buffer = backend.Allocate(scratch);
                owned.Add(buffer);
                table.BindScratch(0, buffer, 0);
            }

            using IDeviceProgram program = backend.Prepare(new(plan, 0, 1), [kernel], constants);
            using IStream stream = backend.CreateStream();
            byte[][] results = [];
            for (int run = 0; run < 2; run++)
            {
                foreach (DeviceBuffer? target in targets)
                {
                    All(target).Fill(Spoilt);
                }

                if (overwritten >= 0)
                {
                    Tensor tensor = _inputs[overwritten]!;
                    Span<byte> shared = All(targets[0]).Slice(Guard - Misalignment(_expected[0]!.Type), (int)Stored(tensor, InputLayouts[overwritten]));
                    LayoutConversion.Store(tensor, InputLayouts[overwritten], shared);
                    table.Bind((int)step.Inputs[overwritten], targets[0]!, Guard - Misalignment(_expected[0]!.Type), tensor.Dims.ToArray());
                }

                program.Enqueue(table, 0, 1, stream);
                stream.Synchronize();
                byte[][] now = [.. targets.Select((t, i) => t is null ? [] : Stored(t, _expected[i]!, OutputLayouts[i]))];
                Assert.True(run == 0 || results.Zip(now).All(p => p.First.AsSpan().SequenceEqual(p.Second)), $"{id} on {request}: the second run differs from the first");
                results = now;
            }

            return results;
        }
        finally
        {
            owned.ForEach(b => b.Dispose());
        }
    }

    private static Span<byte> All(DeviceBuffer? buffer) => buffer is not null && buffer.TryGetHostMemory(0, (int)buffer.Length, out Memory<byte> memory) ? memory.Span : [];

    private static byte[] Stored(DeviceBuffer buffer, Tensor tensor, Layout layout)
    {
        Span<byte> all = All(buffer);
        int begin = Guard - Misalignment(tensor.Type), length = (int)Stored(tensor, layout);
        Assert.True(all[..begin].IndexOfAnyExcept(Spoilt) < 0, "the kernel wrote in front of its output");
        Assert.True(all[(begin + length)..].IndexOfAnyExcept(Spoilt) < 0, "the kernel wrote behind its output");
        return all.Slice(begin, length).ToArray();
    }

    /// <summary>One element off any vector's alignment.</summary>
    private static int Misalignment(DataType type) => type.Bits() / 8;

    private static long Stored(Tensor tensor, Layout layout) => layout.Resolve(tensor.Dims).Elements * tensor.Type.Bits() / 8;

    private static void CheckPadding(Tensor tensor, Layout layout, byte[] stored, ITactic tactic)
    {
        if (layout.InnerStride == 0 || tensor.Length == 0)
        {
            return;
        }

        int size = tensor.Type.Bits() / 8, channels = (int)tensor.Dims[(int)layout.Order[^1]], stride = (int)layout.InnerStride;
        for (int pixel = 0; pixel * stride * size < stored.Length; pixel++)
        {
            int begin = ((pixel * stride) + channels) * size, end = Math.Min((pixel + 1) * stride * size, stored.Length);
            Assert.True(stored.AsSpan()[Math.Min(begin, end)..end].IndexOfAnyExcept(Spoilt) < 0, $"{tactic.Id} wrote behind the channels of pixel {pixel}");
        }
    }

    private KernelOperand Operand(Tensor? tensor, Layout layout, bool constant)
    {
        if (tensor is null)
        {
            return KernelOperand.Absent;
        }

        ValueList<KernelDim> dims = ValueList.From(tensor.Dims.ToArray().Select(d => IsStatic || constant || d == 1 ? KernelDim.Static(d) : new KernelDim(0, long.MaxValue, 1)));
        bool steers = constant && tensor.Type.IsInteger() && tensor.Length <= ValueContents.MaxElements;
        return new(!constant ? OperandRole.Activation : steers ? OperandRole.Parameter : OperandRole.Weight, tensor.Type, layout, dims, steers ? tensor : null);
    }
}
