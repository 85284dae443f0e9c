using Peregrine.Backends.Cpu.Memory;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Packing;

/// <summary>The packed constants of a program, by number and key: those that came with the engine stay where they are, the others are packed into memory of its own.</summary>
internal sealed unsafe class PackedArena : IDisposable
{
    private readonly NativeArena? _arena;
    private readonly Dictionary<(int Constant, string Key), (nint Pointer, DeviceBuffer? Given, long Offset)> _places = [];

    /// <param name="wanted">The packings and the numbers of their constants.</param>
    /// <param name="constants">The constants as they are, by number.</param>
    /// <param name="given">Constants that are packed already. One of another key, size or alignment than a kernel wants is no good.</param>
    public PackedArena(IEnumerable<(int Constant, WeightPacking Packing)> wanted, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant> given, WorkerPool pool)
    {
        Dictionary<(int, string), HostBuffer> known = [];
        foreach (PackedConstant constant in given)
        {
            known.TryAdd((constant.Constant, constant.Key), (HostBuffer)constant.Buffer);
        }

        List<(WeightPacking Packing, int Constant, long Offset)> work = [];
        long end = 0;
        foreach ((int constant, WeightPacking packing) in wanted)
        {
            if (_places.ContainsKey((constant, packing.Key)))
            {
                continue;
            }

            if (known.TryGetValue((constant, packing.Key), out HostBuffer? there) && there.Length == packing.Bytes && (nint)there.Pointer % NativeArena.Alignment == 0)
            {
                there.Prefetch();
                _places.Add((constant, packing.Key), ((nint)there.Pointer, there, 0));
            }
            else
            {
                _places.Add((constant, packing.Key), (0, null, end));
                work.Add((packing, constant, end));
                end = (end + packing.Bytes + NativeArena.Alignment - 1) & -NativeArena.Alignment;
            }
        }

        if (end == 0)
        {
            return;
        }

        _arena = new(end);
        try
        {
            foreach ((WeightPacking packing, int constant, long offset) in work)
            {
                _places[(constant, packing.Key)] = ((nint)(_arena.Pointer + offset), null, offset);
            }

            new PackingRun([.. work.OrderBy(w => w.Constant).Select(w => (w.Packing, (HostBuffer)constants[w.Constant]!, (nint)(_arena.Pointer + w.Offset)))]).Run(pool);
        }
        catch
        {
            _arena.Dispose();
            throw;
        }
    }

    /// <summary>Where a packed constant lies.</summary>
    public nint this[int constant, string key] => _places[(constant, key)].Pointer;

    /// <summary>The bytes of a packed constant of less than 2 GiB.</summary>
    public Memory<byte> View(int constant, WeightPacking packing)
    {
        (_, DeviceBuffer? given, long offset) = _places[(constant, packing.Key)];
        return given is null ? _arena!.View(offset, (int)packing.Bytes) : given.TryGetHostMemory(0, (int)packing.Bytes, out Memory<byte> memory) ? memory : throw new InvalidOperationException();
    }

    public void Dispose() => _arena?.Dispose();
}
