using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Copies of two-dimensional blocks that need no transposition. Steps are bytes; they may be negative, source steps also 0.</summary>
internal static unsafe class CopyBlocks
{
    // From here on the library's copy is faster: it knows the processor's own string moves.
    private const nint LongRow = 1024;

    /// <summary>Rows of contiguous bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(byte* source, nint sourceStep, byte* target, nint targetStep, nint rows, nint bytes)
    {
        for (nint row = 0; row < rows; row++, source += sourceStep, target += targetStep)
        {
            Row(source, target, bytes);
        }
    }

    /// <summary>Single elements at any distance.</summary>
    public static void Elements(int size, byte* source, nint rowFrom, nint columnFrom, byte* target, nint rowTo, nint columnTo, nint rows, nint columns)
    {
        switch (size)
        {
            case 1: Elements<byte>(source, rowFrom, columnFrom, target, rowTo, columnTo, rows, columns); break;
            case 2: Elements<ushort>(source, rowFrom, columnFrom, target, rowTo, columnTo, rows, columns); break;
            case 4: Elements<uint>(source, rowFrom, columnFrom, target, rowTo, columnTo, rows, columns); break;
            case 8: Elements<ulong>(source, rowFrom, columnFrom, target, rowTo, columnTo, rows, columns); break;
            default: Elements<Vector128<byte>>(source, rowFrom, columnFrom, target, rowTo, columnTo, rows, columns); break;
        }
    }

    /// <summary>Rows that each repeat one element.</summary>
    public static void Fill(int size, byte* source, nint rowFrom, byte* target, nint rowTo, nint rows, nint columns)
    {
        for (nint row = 0; row < rows; row++, source += rowFrom, target += rowTo)
        {
            switch (size)
            {
                case 1: new Span<byte>(target, (int)columns).Fill(*source); break;
                case 2: new Span<ushort>(target, (int)columns).Fill(*(ushort*)source); break;
                case 4: new Span<uint>(target, (int)columns).Fill(*(uint*)source); break;
                case 8: new Span<ulong>(target, (int)columns).Fill(*(ulong*)source); break;
                default: new Span<Vector128<byte>>(target, (int)columns).Fill(*(Vector128<byte>*)source); break;
            }
        }
    }

    /// <summary>Contiguous bytes; the ranges do not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(byte* source, byte* target, nint bytes)
    {
        if (bytes >= LongRow)
        {
            Buffer.MemoryCopy(source, target, bytes, bytes);
        }
        else if (bytes >= 32)
        {
            // The last vector overlaps the one before it.
            Vector256<byte> last = Vector256.Load(source + bytes - 32);
            for (nint at = 0; at < bytes - 32; at += 32)
            {
                Vector256.Load(source + at).Store(target + at);
            }

            last.Store(target + bytes - 32);
        }
        else if (bytes >= 16)
        {
            Vector128<byte> first = Vector128.Load(source), last = Vector128.Load(source + bytes - 16);
            first.Store(target);
            last.Store(target + bytes - 16);
        }
        else if (bytes >= 8)
        {
            ulong first = *(ulong*)source, last = *(ulong*)(source + bytes - 8);
            *(ulong*)target = first;
            *(ulong*)(target + bytes - 8) = last;
        }
        else if (bytes >= 4)
        {
            uint first = *(uint*)source, last = *(uint*)(source + bytes - 4);
            *(uint*)target = first;
            *(uint*)(target + bytes - 4) = last;
        }
        else
        {
            for (nint at = 0; at < bytes; at++)
            {
                target[at] = source[at];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Elements<T>(byte* source, nint rowFrom, nint columnFrom, byte* target, nint rowTo, nint columnTo, nint rows, nint columns) where T : unmanaged
    {
        for (nint row = 0; row < rows; row++, source += rowFrom, target += rowTo)
        {
            byte* from = source, to = target;
            nint column = 0;
            for (; column + 4 <= columns; column += 4)
            {
                T a = *(T*)from, b = *(T*)(from + columnFrom), c = *(T*)(from + (2 * columnFrom)), d = *(T*)(from + (3 * columnFrom));
                *(T*)to = a;
                *(T*)(to + columnTo) = b;
                *(T*)(to + (2 * columnTo)) = c;
                *(T*)(to + (3 * columnTo)) = d;
                from += 4 * columnFrom;
                to += 4 * columnTo;
            }

            for (; column < columns; column++, from += columnFrom, to += columnTo)
            {
                *(T*)to = *(T*)from;
            }
        }
    }
}
