namespace Peregrine.Operators;

/// <summary>Temporary buffers by order of request: the n-th request of a run gets the n-th buffer, so that equal runs allocate nothing.</summary>
internal sealed class ScratchPool
{
    private readonly List<byte[]> _buffers = [];
    private int _next;

    public void Reset() => _next = 0;

    public Memory<byte> Rent(long bytes)
    {
        if (bytes > Tensors.Tensor.MaxBytes)
        {
            throw new Diagnostics.ModelException(Diagnostics.Diagnostic.Error("PG1004", $"An operator needs {bytes} bytes of temporary memory; the limit is {Tensors.Tensor.MaxBytes}."));
        }

        if (_next == _buffers.Count)
        {
            _buffers.Add([]);
        }

        if (_buffers[_next].Length < bytes)
        {
            try
            {
                _buffers[_next] = GC.AllocateUninitializedArray<byte>((int)bytes, pinned: false);
            }
            catch (OutOfMemoryException e)
            {
                throw new Diagnostics.BackendException($"This process has no memory left for {bytes} temporary bytes of an operator. Use smaller shapes, or a larger machine.", e);
            }
        }

        return _buffers[_next++].AsMemory(0, (int)bytes);
    }
}
