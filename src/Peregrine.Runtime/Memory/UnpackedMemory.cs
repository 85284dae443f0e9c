using System.Buffers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Memory;

/// <summary>Row-major weights of which a file holds only the packed form: unpacked when somebody reads them, which hardly anybody does.</summary>
/// <param name="form">A sound form of as many bytes as <paramref name="packed"/> has.</param>
internal sealed class UnpackedMemory(WeightForm form, Memory<byte> packed) : MemoryManager<byte>
{
    private readonly Lazy<byte[]> _weights = new(() =>
    {
        byte[] weights = new byte[checked((int)(form.Elements * sizeof(float)))];
        form.Unpack(packed.Span, weights);
        return weights;
    });

    // The base class would unpack to find out the length.
    public override Memory<byte> Memory => CreateMemory(checked((int)(form.Elements * sizeof(float))));

    public override Span<byte> GetSpan() => _weights.Value;

    public override MemoryHandle Pin(int elementIndex = 0) => _weights.Value.AsMemory(elementIndex).Pin();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
