using System.Diagnostics;
using System.Runtime.InteropServices;
using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Bench.Convolution;

/// <summary>One tactic with one option as a plan of a single step on operands of its own.</summary>
internal sealed class Candidate : IDisposable
{
    private static readonly float[] Flushing = new float[48 << 20];

    private readonly IDeviceProgram _program;
    private readonly IDeviceProgram _twin;
    private readonly IStream _stream;
    private readonly SlotTable _table;
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly List<double> _seconds = [];
    private float _read;

    public Candidate(IBackend backend, IStream stream, KernelRequest request, ITactic tactic, TacticOption option)
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
        _twin = backend.Prepare(new(plan, 0, 1), [kernel], constants);
        _stream = stream;
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

    /// <summary>
    /// Times one run after the caches have been filled with something else and its twin, with a packed copy of the weights of its own, has run: as in a network, activations and temporary memory
    /// have just been used, weights and code have not.
    /// </summary>
    public void MeasureCold()
    {
        _read += Read(Flushing);
        _twin.Enqueue(_table, 0, 1, _stream);
        long start = Stopwatch.GetTimestamp();
        _program.Enqueue(_table, 0, 1, _stream);
        _stream.Synchronize();
        _seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public void Dispose()
    {
        _program.Dispose();
        _twin.Dispose();
        _buffers.ForEach(b => b.Dispose());
    }

    private static long[] Dims(KernelOperand operand) => [.. operand.Dims.Select(d => d.Min)];

    private static float Read(ReadOnlySpan<float> values) 
    {
        float sum = 0;
        for (int i = 0; i < values.Length; i += 16)
        {
            sum += values[i];
        }

        return sum;
    }

    private static Memory<byte> Host(DeviceBuffer buffer) =>
        buffer.TryGetHostMemory(0, checked((int)buffer.Length), out Memory<byte> memory) ? memory : throw new InvalidOperationException("The buffer is not the host's.");

    private static void Fill(DeviceBuffer buffer, int seed)
    {
        Random random = new(seed);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(Host(buffer).Span))
        {
            value = ((float)random.NextDouble() * 2) - 1;
        }
    }
}
