using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>The memory of one running plan: each slot is a (buffer, offset) pair with its dimensions, never a pointer. Bindings change between runs; the version tells.</summary>
public sealed class SlotTable
{
    private readonly DeviceBuffer?[] _buffers;
    private readonly long[] _offsets;
    private readonly long[]?[] _dims;
    private readonly int[] _versions;
    private readonly (DeviceBuffer? Buffer, long Offset)[] _scratch;

    public SlotTable(Plan plan)
    {
        Plan = plan;
        _buffers = new DeviceBuffer?[plan.Slots.Count];
        _offsets = new long[plan.Slots.Count];
        _dims = new long[]?[plan.Slots.Count];
        _versions = new int[plan.Slots.Count];
        States = new object?[plan.Steps.Count];
        _scratch = new (DeviceBuffer?, long)[plan.Steps.Count];
    }

    public Plan Plan { get; }

    /// <summary>Per step what its kernel keeps between runs of this table (views on its operands, say).</summary>
    public object?[] States { get; }

    public DeviceBuffer Buffer(int slot) => _buffers[slot] ?? throw new InvalidOperationException($"Slot {slot} (%{Plan.Slots[slot].Name}) is not bound.");

    public long Offset(int slot) => _offsets[slot];

    public ReadOnlySpan<long> Dims(int slot) => _dims[slot];

    /// <summary>The temporary memory of a step's call; no buffer if its kernel wants none.</summary>
    public (DeviceBuffer? Buffer, long Offset) Scratch(int step) => _scratch[step];

    /// <summary>Gives a step its temporary memory.</summary>
    public void BindScratch(int step, DeviceBuffer? buffer, long offset) => _scratch[step] = (buffer, offset);

    /// <summary>Rises whenever the slot is bound anew.</summary>
    public int Version(int slot) => _versions[slot];

    public bool IsBound(int slot) => _buffers[slot] is not null;

    /// <summary>
    /// The slot's value as a tensor, on a device that shares the host's memory: its very memory, valid until the slot is bound anew; a row-major copy if the slot has another layout.
    /// </summary>
    public Tensor HostTensor(int slot)
    {
        TensorType type = (TensorType)Plan.Slots[slot].Type;
        Layout layout = Plan.Slots[slot].Layout;
        if (!layout.IsRowMajor)
        {
            int stored = checked((int)type.ElementType.ByteCount(layout.Resolve(Dims(slot)).Elements));
            return Buffer(slot).TryGetHostMemory(Offset(slot), stored, out Memory<byte> raw)
                ? LayoutConversion.ToRowMajor(type.ElementType, Dims(slot), layout, raw.Span)
                : throw new InvalidOperationException("The host cannot reach this device's memory.");
        }

        int bytes = checked((int)type.ElementType.ByteCount(Tensor.CountElements(Dims(slot))));
        return Buffer(slot).TryGetHostMemory(Offset(slot), bytes, out Memory<byte> memory)
            ? new(type.ElementType, Dims(slot), memory)
            : throw new InvalidOperationException("The host cannot reach this device's memory.");
    }

    /// <summary>Binds a slot; binding it to what it has already changes nothing.</summary>
    public void Bind(int slot, DeviceBuffer buffer, long offset, long[] dims)
    {
        if (ReferenceEquals(_buffers[slot], buffer) && _offsets[slot] == offset && dims.AsSpan().SequenceEqual(_dims[slot]))
        {
            return;
        }

        _buffers[slot] = buffer;
        _offsets[slot] = offset;
        _dims[slot] = dims;
        _versions[slot]++;
    }
}
