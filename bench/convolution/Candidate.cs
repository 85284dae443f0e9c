using System.Diagnostics;
using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Bench.Convolution;

/// <summary>One tactic with one option as a plan of a single step on operands of its own.</summary>
internal sealed class Candidate : IDisposable
{
    private readonly IDeviceProgram _program;
    private readonly IStream _stream;
    private readonly SlotTable _table;
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly List<double> _seconds = [];

    public Candidate(IBackend backend, KernelRequest request, ITactic tactic, TacticOption option)
    {
        Name = $"{tactic.Id.Name} {option}";
        IKernel kernel = tactic.Compile(request, option);
        List<BufferSlot> slots = [];
        List<DeviceBuffer?> constants = [];
        List<long> inputs = [], outputs = [];
        foreach ((KernelOperand operand, List<long> numbers) in request.Inputs.Select(o => (o, inputs)).Concat(request.Outputs.Select(o => (o, outputs))))
        {
            bool isConstant = operand.Role == OperandRole.Weight;
            long[] dims = Dims(operand);
            numbers.Add(slots.Count);
            slots.Add(new(slots.Count, $"v{slots.Count}", new TensorType(operand.Type, Shape.Of(dims)), operand.Layout, isConstant ? SlotKind.Constant : SlotKind.Arena, 0, 0, isConstant ? constants.Count : -1));
            DeviceBuffer buffer = backend.Allocate(operand.Layout.Resolve(dims).Elements * sizeof(float));
            Fill(buffer, slots.Count);
            _buffers.Add(buffer);
            if (isConstant)
            {
                constants.Add(buffer);
            }
        }

        KernelStep step = new("convolution", [], Ints.From(inputs), Ints.From(outputs), request.Anchor!, request, tactic.Id, option);
        Plan plan = new("bench", slots, [], [], [step], new([], [], [], [], []), []);
        _table = new(plan);
        for (int i = 0; i < slots.Count; i++)
        {
            _table.Bind(i, _buffers[i], 0, Dims(i < inputs.Count ? request.Inputs[i] : request.Outputs[i - inputs.Count]));
        }

        long scratch = kernel.ScratchBytes([.. request.Inputs.Select(Dims)], [.. request.Outputs.Select(Dims)]);
        if (scratch > 0)
        {
            _buffers.Add(backend.Allocate(scratch));
            _table.BindScratch(0, _buffers[^1], 0);
        }

        _program = backend.Prepare(new(plan, 0, 1), [kernel], constants);
        _stream = backend.CreateStream();
    }

    public string Name { get; }

    public double Median
    {
        get
        {
            _seconds.Sort();
            return _seconds[_seconds.Count / 2];
        }
    }

    /// <summary>Times some runs one after the other and keeps the time of one.</summary>
    public void Measure(int runs)
    {
        _program.Enqueue(_table, 0, 1, _stream);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < runs; i++)
        {
            _program.Enqueue(_table, 0, 1, _stream);
        }

        _stream.Synchronize();
        _seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds / runs);
    }

    public void Dispose()
    {
        _program.Dispose();
        _stream.Dispose();
        _buffers.ForEach(b => b.Dispose());
    }

    private static long[] Dims(KernelOperand operand) => [.. operand.Dims.Select(d => d.Min)];

    private static void Fill(DeviceBuffer buffer, int seed)
    {
        Random random = new(seed);
        if (!buffer.TryGetHostMemory(0, checked((int)buffer.Length), out Memory<byte> memory))
        {
            throw new InvalidOperationException("The buffer is not the host's.");
        }

        foreach (ref float value in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(memory.Span))
        {
            value = ((float)random.NextDouble() * 2) - 1;
        }
    }
}
