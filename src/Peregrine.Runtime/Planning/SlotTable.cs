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

    public SlotTable(Plan plan)
    {
        Plan = plan;
        _buffers = new DeviceBuffer?[plan.Slots.Count];
        _offsets = new long[plan.Slots.Count];
        _dims = new long[]?[plan.Slots.Count];
        _versions = new int[plan.Slots.Count];
        States = new object?[plan.Steps.Count];
    }

    public Plan Plan { get; }

    /// <summary>Per step what its kernel keeps between runs of this table (views on its operands, say).</summary>
    public object?[] States { get; }

    public DeviceBuffer Buffer(int slot) => _buffers[slot] ?? throw new InvalidOperationException($"Slot {slot} (%{Plan.Slots[slot].Name}) is not bound.");

    public long Offset(int slot) => _offsets[slot];

    public ReadOnlySpan<long> Dims(int slot) => _dims[slot];

    /// <summary>Rises whenever the slot is bound anew.</summary>
    public int Version(int slot) => _versions[slot];

    public bool IsBound(int slot) => _buffers[slot] is not null;

    /// <summary>The slot's memory as a tensor, on a device that shares the host's memory. Valid until the slot is bound anew.</summary>
    public Tensor HostTensor(int slot)
    {
        TensorType type = (TensorType)Plan.Slots[slot].Type;
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
