using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Transposes a square of elements in registers.</summary>
internal unsafe interface ITransposedSquare
{
    /// <summary>Rows and columns of the square.</summary>
    static abstract int Width { get; }

    /// <summary>Element (i, j), at <c>source + i · sourceStep</c> plus j elements, goes to <c>target + j · targetStep</c> plus i elements. Steps are bytes.</summary>
    static abstract void Transpose(byte* source, nint sourceStep, byte* target, nint targetStep);
}

/// <summary>
/// Transposes a block: source lines are contiguous along the block's rows, target lines along its columns. The block should fit into the first-level cache together with its transpose.
/// </summary>
internal static unsafe class BlockTranspose
{
    /// <summary>Moves element (row, column) from <c>source + row · size + column · sourceStep</c> to <c>target + row · targetStep + column · size</c>; steps are bytes.</summary>
    public static void Run(int size, byte* source, nint sourceStep, byte* target, nint targetStep, nint rows, nint columns)
    {
        switch (size)
        {
            case 1 when Sse2.IsSupported: Squares<byte, Bytes8>(source, sourceStep, target, targetStep, rows, columns); break;
            case 1: Elements<byte>(source, sourceStep, target, targetStep, rows, columns); break;
            case 2 when Sse2.IsSupported: Squares<ushort, Words8>(source, sourceStep, target, targetStep, rows, columns); break;
            case 2: Elements<ushort>(source, sourceStep, target, targetStep, rows, columns); break;
            case 4 when Avx.IsSupported: Squares<uint, Floats8>(source, sourceStep, target, targetStep, rows, columns); break;
            case 4: Elements<uint>(source, sourceStep, target, targetStep, rows, columns); break;
            case 8 when Avx.IsSupported: Squares<ulong, Doubles4>(source, sourceStep, target, targetStep, rows, columns); break;
            case 8: Elements<ulong>(source, sourceStep, target, targetStep, rows, columns); break;
            default: Elements<Vector128<byte>>(source, sourceStep, target, targetStep, rows, columns); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Squares<T, TSquare>(byte* source, nint sourceStep, byte* target, nint targetStep, nint rows, nint columns) where T : unmanaged where TSquare : struct, ITransposedSquare
    {
        int width = TSquare.Width;
        nint wholeColumns = columns - (columns % width), row = 0;
        if (wholeColumns > 0)
        {
            // Two squares side by side use up the source's cache lines before others push them out; target lines are written from end to end.
            for (; row + (2 * width) <= rows; row += 2 * width)
            {
                byte* from = source + (row * sizeof(T)), to = target + (row * targetStep);
                for (nint column = 0; column < wholeColumns; column += width)
                {
                    TSquare.Transpose(from + (column * sourceStep), sourceStep, to + (column * sizeof(T)), targetStep);
                    TSquare.Transpose(from + (column * sourceStep) + (width * sizeof(T)), sourceStep, to + (column * sizeof(T)) + (width * targetStep), targetStep);
                }
            }

            for (; row + width <= rows; row += width)
            {
                byte* from = source + (row * sizeof(T)), to = target + (row * targetStep);
                for (nint column = 0; column < wholeColumns; column += width)
                {
                    TSquare.Transpose(from + (column * sourceStep), sourceStep, to + (column * sizeof(T)), targetStep);
                }
            }

            Elements<T>(source + (row * sizeof(T)), sourceStep, target + (row * targetStep), targetStep, rows - row, wholeColumns);
        }

        Elements<T>(source + (wholeColumns * sourceStep), sourceStep, target + (wholeColumns * sizeof(T)), targetStep, rows, columns - wholeColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Elements<T>(byte* source, nint sourceStep, byte* target, nint targetStep, nint rows, nint columns) where T : unmanaged
    {
        nint column = 0;
        for (; column + 3 <= columns && columns != 4; column += 3)
        {
            T* a = (T*)(source + (column * sourceStep)), b = (T*)((byte*)a + sourceStep), c = (T*)((byte*)b + sourceStep);
            byte* to = target + (column * sizeof(T));
            for (nint row = 0; row < rows; row++, to += targetStep)
            {
                T x = a[row], y = b[row], z = c[row];
                ((T*)to)[0] = x;
                ((T*)to)[1] = y;
                ((T*)to)[2] = z;
            }
        }

        for (; column + 2 <= columns; column += 2)
        {
            T* a = (T*)(source + (column * sourceStep)), b = (T*)((byte*)a + sourceStep);
            byte* to = target + (column * sizeof(T));
            for (nint row = 0; row < rows; row++, to += targetStep)
            {
                T x = a[row], y = b[row];
                ((T*)to)[0] = x;
                ((T*)to)[1] = y;
            }
        }

        if (column < columns)
        {
            T* a = (T*)(source + (column * sourceStep));
            byte* to = target + (column * sizeof(T));
            for (nint row = 0; row < rows; row++, to += targetStep)
            {
                *(T*)to = a[row];
            }
        }
    }

    private readonly struct Floats8 : ITransposedSquare
    {
        public static int Width => 8;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transpose(byte* source, nint sourceStep, byte* target, nint targetStep)
        {
            byte* below = source + (4 * sourceStep);
            Half(source, below, sourceStep, target, targetStep);
            Half(source + 16, below + 16, sourceStep, target + (4 * targetStep), targetStep);
        }

        /// <summary>Four columns: line i of the upper half and line i + 4 share a register, so that no shuffle has to cross its middle.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Half(byte* above, byte* below, nint step, byte* target, nint targetStep)
        {
            Vector256<float> r0 = Pair(above, below), r1 = Pair(above + step, below + step);
            Vector256<float> r2 = Pair(above + (2 * step), below + (2 * step)), r3 = Pair(above + (3 * step), below + (3 * step));
            Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1), low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
            Avx.Shuffle(low01, low23, 0x44).Store((float*)target);
            Avx.Shuffle(low01, low23, 0xEE).Store((float*)(target + targetStep));
            Avx.Shuffle(high01, high23, 0x44).Store((float*)(target + (2 * targetStep)));
            Avx.Shuffle(high01, high23, 0xEE).Store((float*)(target + (3 * targetStep)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Pair(byte* low, byte* high) => Vector256.Create(Vector128.Load((float*)low), Vector128.Load((float*)high));
    }

    private readonly struct Doubles4 : ITransposedSquare
    {
        public static int Width => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transpose(byte* source, nint sourceStep, byte* target, nint targetStep)
        {
            Half(source, sourceStep, target, targetStep);
            Half(source + 16, sourceStep, target + (2 * targetStep), targetStep);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Half(byte* source, nint step, byte* target, nint targetStep)
        {
            Vector256<double> even = Vector256.Create(Vector128.Load((double*)source), Vector128.Load((double*)(source + (2 * step))));
            Vector256<double> odd = Vector256.Create(Vector128.Load((double*)(source + step)), Vector128.Load((double*)(source + (3 * step))));
            Avx.UnpackLow(even, odd).Store((double*)target);
            Avx.UnpackHigh(even, odd).Store((double*)(target + targetStep));
        }
    }

    private readonly struct Words8 : ITransposedSquare
    {
        public static int Width => 8;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transpose(byte* source, nint sourceStep, byte* target, nint targetStep)
        {
            Vector128<ushort> r0 = Line(source, sourceStep, 0), r1 = Line(source, sourceStep, 1), r2 = Line(source, sourceStep, 2), r3 = Line(source, sourceStep, 3);
            Vector128<ushort> r4 = Line(source, sourceStep, 4), r5 = Line(source, sourceStep, 5), r6 = Line(source, sourceStep, 6), r7 = Line(source, sourceStep, 7);
            Half(Sse2.UnpackLow(r0, r1), Sse2.UnpackLow(r2, r3), Sse2.UnpackLow(r4, r5), Sse2.UnpackLow(r6, r7), target, targetStep);
            Half(Sse2.UnpackHigh(r0, r1), Sse2.UnpackHigh(r2, r3), Sse2.UnpackHigh(r4, r5), Sse2.UnpackHigh(r6, r7), target + (4 * targetStep), targetStep);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Half(Vector128<ushort> r01, Vector128<ushort> r23, Vector128<ushort> r45, Vector128<ushort> r67, byte* target, nint step)
        {
            Vector128<uint> above = Sse2.UnpackLow(r01.AsUInt32(), r23.AsUInt32()), below = Sse2.UnpackLow(r45.AsUInt32(), r67.AsUInt32());
            Sse2.UnpackLow(above.AsUInt64(), below.AsUInt64()).Store((ulong*)target);
            Sse2.UnpackHigh(above.AsUInt64(), below.AsUInt64()).Store((ulong*)(target + step));
            (above, below) = (Sse2.UnpackHigh(r01.AsUInt32(), r23.AsUInt32()), Sse2.UnpackHigh(r45.AsUInt32(), r67.AsUInt32()));
            Sse2.UnpackLow(above.AsUInt64(), below.AsUInt64()).Store((ulong*)(target + (2 * step)));
            Sse2.UnpackHigh(above.AsUInt64(), below.AsUInt64()).Store((ulong*)(target + (3 * step)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<ushort> Line(byte* source, nint step, nint line) => Vector128.Load((ushort*)(source + (line * step)));
    }

    private readonly struct Bytes8 : ITransposedSquare
    {
        public static int Width => 8;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Transpose(byte* source, nint sourceStep, byte* target, nint targetStep)
        {
            Vector128<ushort> r01 = Lines(source, sourceStep), r23 = Lines(source + (2 * sourceStep), sourceStep);
            Vector128<ushort> r45 = Lines(source + (4 * sourceStep), sourceStep), r67 = Lines(source + (6 * sourceStep), sourceStep);
            Half(Sse2.UnpackLow(r01, r23), Sse2.UnpackLow(r45, r67), target, targetStep);
            Half(Sse2.UnpackHigh(r01, r23), Sse2.UnpackHigh(r45, r67), target + (4 * targetStep), targetStep);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Half(Vector128<ushort> above, Vector128<ushort> below, byte* target, nint step)
        {
            Vector128<ulong> first = Sse2.UnpackLow(above.AsUInt32(), below.AsUInt32()).AsUInt64(), second = Sse2.UnpackHigh(above.AsUInt32(), below.AsUInt32()).AsUInt64();
            *(ulong*)target = first.ToScalar();
            *(ulong*)(target + step) = first.GetElement(1);
            *(ulong*)(target + (2 * step)) = second.ToScalar();
            *(ulong*)(target + (3 * step)) = second.GetElement(1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<ushort> Lines(byte* source, nint step) =>
            Sse2.UnpackLow(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte(), Vector128.CreateScalarUnsafe(*(ulong*)(source + step)).AsByte()).AsUInt16();
    }
}
