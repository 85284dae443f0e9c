using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Peregrine.CodeGen.X64;

/// <summary>What came of placing code: <see cref="Placed"/> or <see cref="Refused"/>.</summary>
public abstract record CodeArenaResult
{
    private CodeArenaResult() { }

    /// <summary>The code is in memory and can be called until the arena is disposed of.</summary>
    public sealed record Placed(CodeArena Arena) : CodeArenaResult;

    /// <summary>The system gives no executable memory; portable kernels must do.</summary>
    public sealed record Refused(string Message) : CodeArenaResult;
}

/// <summary>
/// Executable memory: one mapping for all kernels of an owner, filled while writable and then made executable and read-only, never both at once. Freed with the arena; calling a kernel after that
/// is the owner's bug and ends the process.
/// </summary>
public sealed unsafe class CodeArena : IDisposable
{
    private const int Alignment = 64;
    private readonly Mapping _mapping;
    private readonly int[] _offsets;

    private CodeArena(Mapping mapping, int[] offsets) => (_mapping, _offsets) = (mapping, offsets);

    /// <summary>Number of kernels.</summary>
    public int Count => _offsets.Length;

    /// <summary>Bytes mapped.</summary>
    public long Bytes => (long)_mapping.Length;

    /// <summary>Maps the kernels in the order given. At least one; at most 1 GiB in all.</summary>
    public static CodeArenaResult Create(IReadOnlyList<CompiledCode> kernels)
    {
        ArgumentOutOfRangeException.ThrowIfZero(kernels.Count, nameof(kernels));
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) { return new CodeArenaResult.Refused($"x64 code does not run in a process for {RuntimeInformation.ProcessArchitecture}"); }
        int[] offsets = new int[kernels.Count];
        long end = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            // Code uses no more than what was declared; to find out what it does use, it has to be decoded.
            CpuFeatures missing = (kernels[i].Options.Features & ~HostCpu.Features) == 0 ? CpuFeatures.None : kernels[i].UsedFeatures & ~HostCpu.Features;
            if (missing != CpuFeatures.None) { return new CodeArenaResult.Refused($"kernel \"{kernels[i].Program.Name}\" needs {missing}"); }
            offsets[i] = (int)end;
            end = (end + kernels[i].Bytes.Length + Alignment - 1) & -Alignment;
            if (end > 1 << 30) { throw new ArgumentException("More than 1 GiB of code.", nameof(kernels)); }
        }

        nuint length = (nuint)((end + Environment.SystemPageSize - 1) & -Environment.SystemPageSize);
        var mapping = new Mapping(SystemMemory.MapWritable(length), length);
        nint address = mapping.DangerousGetHandle();
        if (mapping.IsInvalid) { return new CodeArenaResult.Refused($"no memory for {end} bytes of code: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}"); }

        // Safe: offsets and lengths were summed up above and lie in the mapping, which nobody else knows yet. 0xCC traps.
        new Span<byte>((void*)address, checked((int)length)).Fill(0xCC);
        for (int i = 0; i < offsets.Length; i++) { kernels[i].Bytes.Span.CopyTo(new Span<byte>((byte*)address + offsets[i], kernels[i].Bytes.Length)); }
        if (!SystemMemory.MakeExecutable(address, length))
        {
            string message = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
            mapping.Dispose();
            return new CodeArenaResult.Refused($"the system refuses executable memory: {message}");
        }

        return new CodeArenaResult.Placed(new CodeArena(mapping, offsets));
    }

    /// <summary>Whether this system lets the process run code that it has written: asked by mapping a page, never answered by running one.</summary>
    public static bool IsAvailable()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) { return false; }
        nuint length = (nuint)Environment.SystemPageSize;
        using var mapping = new Mapping(SystemMemory.MapWritable(length), length);
        return !mapping.IsInvalid && SystemMemory.MakeExecutable(mapping.DangerousGetHandle(), length);
    }

    /// <summary>The address of a kernel's entry, to be called through <c>delegate* unmanaged</c> with what its program declares.</summary>
    public nint EntryOf(int kernel)
    {
        ObjectDisposedException.ThrowIf(_mapping.IsClosed, this);
        return _mapping.DangerousGetHandle() + _offsets[kernel];
    }

    /// <inheritdoc/>
    public void Dispose() => _mapping.Dispose();

    private sealed class Mapping : SafeHandleZeroOrMinusOneIsInvalid
    {
        internal Mapping(nint address, nuint length)
            : base(ownsHandle: true)
        {
            Length = length;
            SetHandle(address);
        }

        internal nuint Length { get; }

        protected override bool ReleaseHandle()
        {
            SystemMemory.Unmap(handle, Length);
            return true;
        }
    }
}
