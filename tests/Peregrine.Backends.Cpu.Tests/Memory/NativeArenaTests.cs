using System.Buffers;
using Peregrine.Backends.Cpu.Memory;
using Peregrine.Diagnostics;

namespace Peregrine.Backends.Cpu.Tests.Memory;

public sealed unsafe class NativeArenaTests
{
    [Theory]
    [InlineData(0, 64)]
    [InlineData(1, 64)]
    [InlineData(100_000, 64)]
    [InlineData((2 << 20) - 1, 64)]
    [InlineData(2 << 20, 2 << 20)]
    [InlineData((5 << 20) + 1, 2 << 20)]
    public void Memory_is_aligned_zeroed_and_writable_to_the_last_byte(int length, int alignment)
    {
        for (int round = 0; round < 3; round++)
        {
            using NativeArena arena = new(length);
            Assert.Equal(length, arena.Length);
            Assert.Equal(0, (nint)arena.Pointer % alignment);
            Memory<byte> all = arena.View(0, length);
            Assert.False(all.Span.ContainsAnyExcept((byte)0));
            all.Span.Fill(0xAB);
        }
    }

    [Fact]
    public void Views_show_their_part_only()
    {
        using NativeArena arena = new(1000);
        arena.View(100, 50).Span.Fill(7);
        Assert.Equal(0, arena.Pointer[99]);
        Assert.Equal(7, arena.Pointer[149]);
        Assert.Equal(0, arena.Pointer[150]);
        Assert.Equal(0, arena.View(1000, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.View(951, 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.View(-1, 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.View(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.View(long.MaxValue, int.MaxValue));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 50)]
    public void Absurd_sizes_are_refused(long length)
    {
        Assert.Contains($"{length} bytes", Assert.Throws<BackendException>(() => new NativeArena(length)).Message, StringComparison.Ordinal);
        Assert.Throws<BackendException>(() => new NativeArena(length, available: long.MaxValue)); // The system's own refusal.
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeArena(-1));
    }

    [Fact]
    public void Disposal_closes_views_but_a_pin_keeps_the_memory()
    {
        NativeArena arena = new(3 << 20);
        Memory<byte> view = arena.View(64, 64);
        view.Span[0] = 42;
        using (MemoryHandle pin = view.Pin())
        {
            arena.Dispose();
            arena.Dispose();
            Assert.Equal(42, *(byte*)pin.Pointer);
        }

        Assert.Throws<ObjectDisposedException>(() => view.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => (nint)arena.Pointer);
    }

    [Fact]
    public void A_view_keeps_a_forgotten_arena()
    {
        Memory<byte> view = Forgotten();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.Equal(9, view.Span[5]);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static Memory<byte> Forgotten()
        {
            Memory<byte> view = new NativeArena(3 << 20).View(64, 64);
            view.Span[5] = 9;
            return view;
        }
    }
}
