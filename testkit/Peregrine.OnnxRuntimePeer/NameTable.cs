using System.Runtime.InteropServices;

namespace Peregrine.OnnxRuntimePeer;

/// <summary>An array of C strings in native memory, as <c>Run</c> takes them.</summary>
internal sealed unsafe class NameTable : IDisposable
{
    // Safe: allocated for exactly Count pointers, freed once in Dispose, never handed out beyond this object's life.
    private nint* _names;

    public NameTable(IReadOnlyList<string> names)
    {
        Count = names.Count;
        _names = (nint*)NativeMemory.AllocZeroed((nuint)Math.Max(1, Count), (nuint)sizeof(nint));
        for (int i = 0; i < Count; i++)
        {
            _names[i] = Marshal.StringToCoTaskMemUTF8(names[i]);
        }
    }

    public int Count { get; }

    public nint* Pointer => _names;

    public void Dispose()
    {
        for (int i = 0; i < Count && _names != null; i++)
        {
            Marshal.FreeCoTaskMem(_names[i]);
        }

        NativeMemory.Free(_names);
        _names = null;
    }
}
