using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>Floats that lie side by side in each pixel's patch and are multiplied in one go.</summary>
/// <param name="Offset">Bytes from a pixel's first float to that of the run.</param>
/// <param name="Length">Floats.</param>
/// <param name="Skipped">One bit per pixel whose part of the run lies in the padding: it is left out, in code and in time.</param>
internal readonly record struct DotRun(int Offset, int Length, ulong Skipped);

/// <summary>An operand of the epilogue as the tile sees it.</summary>
/// <param name="PerChannel">Vectors of channels, or one value for all of them.</param>
/// <param name="PixelOffsets">Bytes from the operand's pointer per pixel; empty if all pixels share it.</param>
/// <param name="FollowsResult">Its pixels are as far apart as the result's, which is known at run time only.</param>
internal sealed record DotOperand(bool PerChannel, Ints PixelOffsets, bool FollowsResult = false)
{
    /// <summary>Whether one value, or vector, serves all pixels.</summary>
    public bool IsShared => PixelOffsets.Count == 0 && !FollowsResult;

    /// <summary>The operand's value for one pixel of the tile and one vector of channels.</summary>
    public VReg Load(KernelBuilder p, VReg pointer, int vector, int pixel)
    {
        int offset = PixelOffsets.Count == 0 ? 0 : checked((int)PixelOffsets[pixel]);
        return PerChannel ? p.Load(new MemoryOperand(pointer, offset + (vector * p.VectorBytes))) : p.LoadBroadcast(new MemoryOperand(pointer, offset));
    }
}

/// <summary>Bytes by which pointers move from one tile of a call to the next.</summary>
/// <param name="Operands">Of the epilogue; empty if they stay.</param>
internal sealed record DotWalk(int Source, int Weights, int Target, Ints Operands)
{
    /// <summary>A call computes one tile.</summary>
    public static DotWalk None { get; } = new(0, 0, 0, Ints.Empty);

    public long OfOperand(int index) => Operands.Count == 0 ? 0 : Operands[index];

    /// <summary>The next tile is <paramref name="pixels"/> further on in a row of pixels.</summary>
    /// <param name="pixelBytes">From input pixel to input pixel.</param>
    public static DotWalk Along(PatchProblem problem, int pixels, int pixelBytes)
    {
        long results = (long)pixels * problem.Placement.StepX;
        return new(
            checked(pixels * problem.Horizontal.Stride * pixelBytes), 0, checked((int)(results * problem.OutputStride * sizeof(float))), Ints.From(problem.Operands.Select(o => results * o.PixelStride * sizeof(float))));
    }
}

/// <summary>
/// The micro-kernel of convolutions and matrix products: the sums of a few pixels by a few vectors of output channels stay in registers over the whole patch, then go through the epilogue into
/// memory. Weights are packed [group][row][run][float][vector][lane] and read as one stream; each float of a pixel is broadcast once and feeds all vectors. The blocking is that of Goto and
/// van de Geijn's register tile ("Anatomy of High-Performance Matrix Multiplication", 2008) without their copies, which patches do not need.
/// </summary>
/// <param name="Vectors">Vectors of output channels in a group.</param>
/// <param name="LastLanes">Channels in the last vector; the others are not read or written.</param>
/// <param name="PixelOffsets">Bytes from the source pointer to each pixel's patch.</param>
/// <param name="OutputOffsets">Bytes from the target pointer to each pixel's result.</param>
/// <param name="Runs">The patch, or one row of it.</param>
/// <param name="RepeatsRows">Whether the runs are those of one row, repeated as often as the caller says.</param>
/// <param name="GroupBytes">Packed bytes of one group of output channels.</param>
/// <param name="Epilogue">Operand 0 is the sum; null stores it as it is.</param>
/// <param name="Prefetch">Bytes ahead in the weights that are fetched; 0 for none.</param>
internal sealed record DotTile(
    int Vectors, int LastLanes, Ints PixelOffsets, Ints OutputOffsets, ValueList<DotRun> Runs, bool RepeatsRows, int GroupBytes, ValueList<DotOperand> Operands, Expr? Epilogue, int Prefetch)
{
    /// <summary>Where the arguments stand in the block; the operands' pointers follow.</summary>
    /// <remarks>
    /// Behind the operands stand, where the tile has them: the bytes from pixel to pixel of the result and the channels of the last group (where they are known at run time only), and what to fetch for
    /// later calls.
    /// </remarks>
    public const int Source = 0, Weights = 1, Target = 2, Tiles = 3, Rows = 4, RowStep = 5, FirstOperand = 6;

    /// <summary>
    /// Behind the operands of a tile with <see cref="HasSlices"/>: how many planes of the kernel lie inside the image, and the bytes from the end of one to the next, in the image and in the weights.
    /// </summary>
    public const int Slices = 0, SliceStep = 1, SliceWeights = 2, SliceArgumentCount = 3;

    /// <summary>Floats of a turn of the loop.</summary>
    // Their body is 1.3 KiB of code; longer bodies were slower in whole networks.
    public const int Unroll = 4;
    public const int CacheLine = 64;

    /// <summary>Groups of output channels that are computed of each tile, one behind the other.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>How the pointers move from tile to tile.</summary>
    public DotWalk Walk { get; init; } = DotWalk.None;

    /// <summary>
    /// Lines of 64 bytes that are fetched per turn of the loop from where a further argument points, which goes on through all tiles by as many bytes a turn as one more argument says: what later calls will
    /// read.
    /// </summary>
    public int StreamLines { get; init; }

    /// <summary>Whether all runs are repeated for several planes, as often as the caller says.</summary>
    public bool HasSlices { get; init; }

    /// <summary>Bytes from one float of a pixel's patch to the next.</summary>
    public int FloatStep { get; init; } = sizeof(float);

    /// <summary>Bytes from the weights of one float to those of the next where they are not packed but rows of a matrix; 0 for packed ones.</summary>
    public int WeightRow { get; init; }

    /// <summary>Whether the distance from pixel to pixel of the result is an argument; <see cref="OutputOffsets"/> then does not matter.</summary>
    public bool HasStride { get; init; }

    /// <summary>Floats in a row of a patch, or in one of its positions, by which long sums are cut (<see cref="SumBlocks"/>), however a tile's runs cut it.</summary>
    public int RowLength { get; init; } = RepeatsRows ? Runs.Sum(r => r.Length) : 0;

    /// <summary>Whether the number of channels, at most those of a group, is an argument; there is one group then.</summary>
    public bool HasColumns { get; init; }

    public CompiledCode Compile(GeneratorTarget target) => target.Compile(this, () => Build(target.Lanes, new EpilogueWriter(Epilogue, target.Set.VectorRegisters)));

    private KernelProgram Build(int lanes, EpilogueWriter epilogue)
    {
        KernelBuilder p = new($"dot-{PixelOffsets.Count}x{Vectors * lanes}", lanes, ArgumentPassing.Block);
        VReg source = p.Argument("source", ArgumentKind.ReadPointer), weights = p.Argument("weights", ArgumentKind.ReadPointer), target = p.Argument("target", ArgumentKind.WritePointer);
        VReg tiles = p.Argument("tiles", ArgumentKind.Integer), rows = p.Argument("rows", ArgumentKind.Integer), rowStep = p.Argument("row step", ArgumentKind.Integer);
        VReg[] operands = [.. Operands.Select((_, i) => p.Argument($"operand {i + 1}", ArgumentKind.ReadPointer))];
        VReg[] slices = HasSlices ? [p.Argument("slices", ArgumentKind.Integer), p.Argument("slice step", ArgumentKind.Integer), p.Argument("slice weights", ArgumentKind.Integer)] : [];
        VReg stride = HasStride ? p.Argument("stride", ArgumentKind.Integer) : default, columns = HasColumns ? p.Argument("columns", ArgumentKind.Integer) : default;
        (VReg At, VReg Step) stream = StreamLines > 0 ? (p.Argument("stream", ArgumentKind.ReadPointer), p.Argument("stream step", ArgumentKind.Integer)) : default;
        SumBlocks blocks = SumBlocks.Of(this);
        p.Loop(tiles, 1, () =>
        {
            p.Loop(Groups, () =>
            {
                VReg x = p.Copy(source), w = p.Copy(weights);
                DotSums sums = new(p, PixelOffsets.Count, Vectors, blocks);
                FetchOperands(p, operands);
                if (HasSlices)
                {
                    p.Loop(slices[Slices], 1, () =>
                    {
                        EmitRows(p, x, w, rows, rowStep, stream, sums);
                        p.AddTo(x, slices[SliceStep]);
                        p.AddTo(w, slices[SliceWeights]);
                    });
                }
                else
                {
                    EmitRows(p, x, w, rows, rowStep, stream, sums);
                }

                Finish(p, epilogue, sums.Results(), target, operands, stride, columns);
                if (Groups > 1)
                {
                    MoveAll(p, weights, GroupBytes, target, Vectors * p.VectorBytes, operands, 1);
                }
            });

            // Back to the first group, on to the next tile.
            int back = Groups > 1 ? Groups : 0;
            Move(p, source, Walk.Source);
            MoveAll(p, weights, checked(Walk.Weights - (back * GroupBytes)), target, checked(Walk.Target - (back * Vectors * p.VectorBytes)), operands, -back);
            for (int i = 0; i < Walk.Operands.Count; i++)
            {
                Move(p, operands[i], checked((int)Walk.Operands[i]));
            }
        });
        return p.Build();
    }

    /// <summary>Moves weights and target by so many bytes, and the operands by so many groups of channels.</summary>
    private void MoveAll(KernelBuilder p, VReg weights, int weightBytes, VReg target, int targetBytes, VReg[] operands, int groups)
    {
        Move(p, weights, weightBytes);
        Move(p, target, targetBytes);
        for (int i = 0; i < operands.Length; i++)
        {
            Move(p, operands[i], Operands[i].PerChannel ? checked(groups * Vectors * p.VectorBytes) : 0);
        }
    }

    /// <summary>Moves a pointer by so many bytes.</summary>
    internal static void Move(KernelBuilder p, VReg pointer, int bytes)
    {
        if (bytes != 0)
        {
            p.AddTo(pointer, bytes);
        }
    }

    /// <summary>Residuals are read at the end of a tile, all at once; asked for at its start they are there by then.</summary>
    private void FetchOperands(KernelBuilder p, VReg[] operands)
    {
        for (int i = 0; i < operands.Length; i++)
        {
            if (!Operands[i].PerChannel)
            {
                continue;
            }

            foreach (long offset in Operands[i].PixelOffsets)
            {
                for (int at = 0; at < Vectors * p.VectorBytes; at += CacheLine)
                {
                    p.Prefetch(new MemoryOperand(operands[i], checked((int)offset + at)));
                }
            }
        }
    }

    private void EmitRows(KernelBuilder p, VReg x, VReg w, VReg rows, VReg rowStep, (VReg At, VReg Step) stream, DotSums sums)
    {
        if (RepeatsRows)
        {
            VReg rest = rows;
            if (sums.Blocks.RowsOfBlock > 0)
            {
                rest = p.Loop(rows, sums.Blocks.RowsOfBlock, () =>
                {
                    p.Loop(sums.Blocks.RowsOfBlock, EmitRow);
                    sums.Put();
                });
            }

            p.Loop(rest, 1, EmitRow);
        }
        else
        {
            EmitRuns(p, x, w, stream, sums);
        }

        void EmitRow()
        {
            EmitRuns(p, x, w, stream, sums);
            p.AddTo(x, rowStep);
        }
    }

    private void EmitRuns(KernelBuilder p, VReg x, VReg w, (VReg At, VReg Step) stream, DotSums sums)
    {
        ulong all = PixelOffsets.Count == 64 ? ulong.MaxValue : (1ul << PixelOffsets.Count) - 1;
        SumBlocks blocks = sums.Blocks;
        int at = 0, total = Runs.Sum(r => r.Length);
        foreach (DotRun run in Runs)
        {
            if (run.Skipped == all)
            {
                p.AddTo(w, checked(run.Length * RowBytes(p)));
                if (blocks.HasEnd(at, at + run.Length))
                {
                    sums.Put();
                }

                at += run.Length;
                continue;
            }

            // Floats by which x has moved, and by which the next ones lie behind it.
            int moved = 0, behind = 0;
            for (int end = at + run.Length; at < end;)
            {
                int length = Math.Min(end, blocks.EndAfter(at)) - at, whole = blocks.WholeFrom(at, end);
                if (whole > 1)
                {
                    length = blocks.Length;
                    p.Loop(whole, () =>
                    {
                        EmitStretch(p, x, w, stream, sums, run with { Offset = run.Offset + (FloatStep * behind) }, length);
                        sums.Put();
                    });
                    moved += whole * length;
                    at += whole * length;
                    continue;
                }

                EmitStretch(p, x, w, stream, sums, run with { Offset = run.Offset + (FloatStep * behind) }, length);
                moved += length / Unroll * Unroll;
                behind += length % Unroll;
                at += length;
                // What is left at the end of all is added there.
                if (blocks.IsEnd(at) && (RepeatsRows || at < total))
                {
                    sums.Put();
                }
            }

            if (moved > 0)
            {
                p.AddTo(x, checked(-FloatStep * moved));
            }
        }
    }

    /// <summary>Multiplies floats that lie side by side, and leaves x behind all of them but the last few that make no whole turn of the loop.</summary>
    private void EmitStretch(KernelBuilder p, VReg x, VReg w, (VReg At, VReg Step) stream, DotSums sums, DotRun run, int length)
    {
        p.Loop(length / Unroll, () =>
        {
            for (int line = 0; line < StreamLines; line++)
            {
                p.Prefetch(new MemoryOperand(stream.At, line * CacheLine));
            }

            if (StreamLines > 0)
            {
                p.AddTo(stream.At, stream.Step);
            }

            EmitFloats(p, x, w, sums.Registers, run, Unroll, advance: true);
        });
        EmitFloats(p, x, w, sums.Registers, run, length % Unroll, advance: false);
    }

    private void EmitFloats(KernelBuilder p, VReg x, VReg w, VReg[,] sums, DotRun run, int count, bool advance)
    {
        if (count == 0)
        {
            return;
        }

        for (int i = 0; i < count; i++)
        {
            VReg[] row = new VReg[Vectors];
            for (int v = 0; v < Vectors; v++)
            {
                MemoryOperand at = new(w, checked((i * RowBytes(p)) + (v * p.VectorBytes)));
                if (Prefetch > 0)
                {
                    p.Prefetch(at.Plus(Prefetch));
                }

                // Packed weights end in whole vectors; those of a matrix may end in the middle of one.
                row[v] = WeightRow > 0 && v == Vectors - 1 && LastLanes < p.Lanes ? p.Load(at, p.TailMask(LastLanes)) : p.Load(at);
            }

            for (int pixel = 0; pixel < PixelOffsets.Count; pixel++)
            {
                if ((run.Skipped >> pixel & 1) != 0)
                {
                    continue;
                }

                MemoryOperand at = new(x, checked((int)PixelOffsets[pixel] + run.Offset + (FloatStep * i)));
                if (Vectors == 1)
                {
                    p.FmaBroadcast(sums[pixel, 0], row[0], at);
                    continue;
                }

                VReg value = p.LoadBroadcast(at);
                for (int v = 0; v < Vectors; v++)
                {
                    p.Fma(sums[pixel, v], value, row[v]);
                }
            }
        }

        p.AddTo(w, checked(count * RowBytes(p)));
        if (advance)
        {
            p.AddTo(x, FloatStep * count);
        }
    }

    private int RowBytes(KernelBuilder p) => WeightRow > 0 ? WeightRow : Vectors * p.VectorBytes;

    private void Finish(KernelBuilder p, EpilogueWriter epilogue, VReg[,] sums, VReg target, VReg[] operands, VReg stride, VReg columns)
    {
        for (int v = 0; v < Vectors; v++)
        {
            if (columns.IsValid)
            {
                VReg left = p.Copy(columns);
                p.AddTo(left, -v * p.Lanes);
                p.LimitBelow(left, p.Integer(0));
                p.LimitAbove(left, p.Integer(p.Lanes));
                p.Masked(p.TailMask(left), () => FinishVector(p, epilogue, sums, v, target, operands, stride));
            }
            else if (v == Vectors - 1 && LastLanes < p.Lanes)
            {
                p.Masked(p.TailMask(LastLanes), () => FinishVector(p, epilogue, sums, v, target, operands, stride));
            }
            else
            {
                FinishVector(p, epilogue, sums, v, target, operands, stride);
            }
        }
    }

    private void FinishVector(KernelBuilder p, EpilogueWriter epilogue, VReg[,] sums, int v, VReg target, VReg[] operands, VReg stride)
    {
        // What all pixels share is loaded once; what follows a run-time stride has a pointer that walks along.
        VReg[] shared = [.. Operands.Select((o, i) => o.IsShared ? o.Load(p, operands[i], v, 0) : default)];
        VReg[] pointers = [.. Operands.Select((o, i) => o.FollowsResult ? p.Copy(operands[i]) : operands[i])];
        VReg result = stride.IsValid ? p.Copy(target) : target;
        VReg Operand(int pixel, int i) => i == 0 ? sums[pixel, v] : shared[i - 1].IsValid ? shared[i - 1] : Operands[i - 1].Load(p, pointers[i - 1], v, pixel);
        if (!stride.IsValid)
        {
            int live = ((Vectors - v) * PixelOffsets.Count) + shared.Count(r => r.IsValid);
            epilogue.Write(p, PixelOffsets.Count, live, Operand, (pixel, value) => p.Store(new MemoryOperand(result, checked((int)OutputOffsets[pixel] + (v * p.VectorBytes))), value));
            return;
        }

        for (int pixel = 0; pixel < PixelOffsets.Count; pixel++)
        {
            int at = pixel;
            epilogue.Write(p, 1, 0, (_, i) => Operand(at, i), (_, value) => p.Store(new MemoryOperand(result, v * p.VectorBytes), value));
            if (pixel < PixelOffsets.Count - 1)
            {
                p.AddTo(result, stride);
                for (int i = 0; i < pointers.Length; i++)
                {
                    if (Operands[i].FollowsResult)
                    {
                        p.AddTo(pointers[i], stride);
                    }
                }
            }
        }
    }
}
