using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Resizing;

/// <summary>
/// Takes each output element from its nearest input element. Where the innermost stored axis stays, whole runs are copied (the channels of channels-last); else the elements of a line are
/// picked one by one, in pairs where each is doubled, and a line that equals the one before it is copied from there.
/// </summary>
internal sealed unsafe class NearestResize(KernelRequest request, Resize resize) : ICpuKernel
{
    private const long TileBytes = 32 << 10;

    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).TileCount;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Plan plan = Of(arguments);
        byte* input = arguments.Input(0), output = arguments.Output(0), before = null, lineBefore = null;
        long end = Math.Min((long)tiles.End * plan.LinesPerTile, plan.Lines);
        for (long line = (long)tiles.Begin * plan.LinesPerTile; line < end; line++)
        {
            byte* source = input, target = output;
            long rest = line;
            for (int axis = plan.Outer.Length - 1; axis >= 0; axis--)
            {
                (rest, long index) = Math.DivRem(rest, plan.Outer[axis].Offsets.Length);
                source += plan.Outer[axis].Offsets[index];
                target += index * plan.Outer[axis].TargetStep;
            }

            if (plan.Run == plan.Size && source == before && plan.Inner.TargetStep == plan.Size)
            {
                CopyBlocks.Row(lineBefore, target, plan.Inner.Offsets.Length * (nint)plan.Size);
            }
            else
            {
                Line(plan, source, target);
            }

            before = source;
            lineBefore = target;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Line(Plan plan, byte* source, byte* target)
    {
        long[] offsets = plan.Inner.Offsets;
        long step = plan.Inner.TargetStep;
        if (plan.Run != plan.Size || step != plan.Size)
        {
            foreach (long offset in offsets)
            {
                CopyBlocks.Row(source + offset, target, (nint)plan.Run);
                target += step;
            }

            return;
        }

        switch (plan.Size)
        {
            case 4:
                int done = plan.IsDoubled ? Double((uint*)source, (uint*)target, offsets.Length) : 0;
                for (int i = done; i < offsets.Length; i++)
                {
                    ((uint*)target)[i] = *(uint*)(source + offsets[i]);
                }

                break;
            case 1: Pick<byte>(offsets, source, (byte*)target); break;
            case 2: Pick(offsets, source, (ushort*)target); break;
            case 8: Pick(offsets, source, (ulong*)target); break;
            default: Pick(offsets, source, (Vector128<byte>*)target); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pick<T>(long[] offsets, byte* source, T* target) where T : unmanaged
    {
        for (int i = 0; i < offsets.Length; i++)
        {
            target[i] = *(T*)(source + offsets[i]);
        }
    }

    /// <summary>Writes each element twice, as long as whole vectors fit; returns the number of elements written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Double(uint* source, uint* target, int count)
    {
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(Vector256.Load(source + (i / 2)));
            (low | (low << 32)).Store((ulong*)(target + i));
            (high | (high << 32)).Store((ulong*)(target + i + 8));
        }

        return i;
    }

    private Plan Of(in KernelArguments arguments) =>
        PreparedCall<Plan>.Of(arguments, ResizeAxes.Steering, (request, resize), static (in KernelArguments a, (KernelRequest Request, Resize Resize) s) => new Plan(a, s.Request, s.Resize));

    /// <summary>An axis of the output: where in the source each position is, and how far apart positions are in the target, in bytes.</summary>
    private sealed record Axis(long[] Offsets, long TargetStep);

    private sealed class Plan
    {
        public Plan(in KernelArguments arguments, KernelRequest request, Resize resize)
        {
            StoredTensor source = StoredTensor.Of(arguments.InputDims(0), request.Inputs[0].Layout), target = StoredTensor.Of(arguments.OutputDims(0), request.Outputs[0].Layout);
            ResizeAxis?[] axes = ResizeAxes.Of(arguments, resize);
            Size = request.Inputs[0].Type.Bits() / 8;
            Run = Size;
            Outer = [];
            Inner = new([0], Size);
            if (target.Dims.Contains(0))
            {
                return;
            }

            List<Axis> stored = [];
            int last = -1;
            foreach (int axis in Enumerable.Range(0, target.Dims.Length).OrderByDescending(i => target.Strides[i]).ThenBy(i => i))
            {
                stored.Add(new(Offsets(axes[axis], resize, target.Dims[axis], source.Strides[axis] * Size), target.Strides[axis] * Size));
                last = axis;
            }

            if (last >= 0 && axes[last] is null && source.Strides[last] == 1 && target.Strides[last] == 1)
            {
                Run = target.Dims[last] * Size;
                stored.RemoveAt(stored.Count - 1);
            }

            if (stored.Count > 0)
            {
                Inner = stored[^1];
                stored.RemoveAt(stored.Count - 1);
            }

            Outer = [.. stored];
            Lines = Outer.Aggregate(1L, (product, axis) => product * axis.Offsets.Length);
            LinesPerTile = Math.Max(Math.Max(1, TileBytes / (Inner.Offsets.Length * Run)), Lines >> 20);
            TileCount = (int)((Lines + LinesPerTile - 1) / LinesPerTile);
            IsDoubled = true;
            for (int i = 0; i < Inner.Offsets.Length; i++)
            {
                IsDoubled &= Inner.Offsets[i] == i / 2 * Size;
            }
        }

        public int Size { get; }

        /// <summary>Contiguous bytes that are copied together.</summary>
        public long Run { get; }

        public Axis[] Outer { get; }

        public Axis Inner { get; }

        /// <summary>Whether each element of a line is taken twice.</summary>
        public bool IsDoubled { get; }

        public long Lines { get; }

        public long LinesPerTile { get; }

        public int TileCount { get; }

        private static long[] Offsets(ResizeAxis? axis, Resize resize, long extent, long stride)
        {
            int[] indices = new int[extent];
            if (axis is { } resized)
            {
                resized.FillNearest(resize, indices);
            }
            else
            {
                indices = [.. Enumerable.Range(0, (int)extent)];
            }

            return [.. indices.Select(i => i * stride)];
        }
    }
}
