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
internal sealed record DotOperand(bool PerChannel, Ints PixelOffsets)
{
    /// <summary>The operand's value for one pixel of the tile and one vector of channels.</summary>
    public VReg Load(KernelBuilder p, VReg pointer, int vector, int pixel)
    {
        int offset = PixelOffsets.Count == 0 ? 0 : checked((int)PixelOffsets[pixel]);
        return PerChannel ? p.Load(new MemoryOperand(pointer, offset + (vector * p.VectorBytes))) : p.LoadBroadcast(new MemoryOperand(pointer, offset));
    }
}

/// <summary>Bytes by which pointers move from one tile to the next of the same code.</summary>
internal sealed record DotWalk(int Source, int Target, Ints Operands)
{
    /// <summary>The next tile is <paramref name="pixels"/> further on in one long row of pixels.</summary>
    public static DotWalk Along(PatchProblem problem, int pixels) => new(
        checked((int)(pixels * problem.InputStride * sizeof(float))), checked((int)(pixels * problem.OutputStride * sizeof(float))), Ints.From(problem.Operands.Select(o => pixels * o.PixelStride * sizeof(float))));

    /// <summary>A call computes one tile.</summary>
    public static DotWalk None(PatchProblem problem) => new(0, 0, Ints.Repeat(0, problem.Operands.Count));
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
/// <param name="Groups">Groups of output channels that one call computes.</param>
/// <param name="Walk">How the pointers move from tile to tile.</param>
/// <param name="StreamLines">
/// Lines that are fetched per four floats from where a further argument, behind the operands, points: what the next call will read. The stream goes on from tile to tile.
/// </param>
internal sealed record DotTile(
    int Vectors, int LastLanes, Ints PixelOffsets, Ints OutputOffsets, ValueList<DotRun> Runs, bool RepeatsRows, int GroupBytes, ValueList<DotOperand> Operands, Expr? Epilogue, int Prefetch, int Groups, DotWalk Walk,
    int StreamLines = 0)
{
    /// <summary>Where the arguments stand in the block; the operands' pointers follow.</summary>
    public const int Source = 0, Weights = 1, Target = 2, Tiles = 3, Rows = 4, RowStep = 5, FirstOperand = 6;

    // The body of four floats is 1.3 KiB of code; longer bodies were slower in whole networks.
    private const int Unroll = 4;
    private const int CacheLine = 64;

    public CompiledCode Compile(GeneratorTarget target) => target.Compile(Build(target.Lanes));

    private KernelProgram Build(int lanes)
    {
        KernelBuilder p = new($"dot-{PixelOffsets.Count}x{Vectors * lanes}", lanes, ArgumentPassing.Block);
        VReg source = p.Argument("source", ArgumentKind.ReadPointer), weights = p.Argument("weights", ArgumentKind.ReadPointer), target = p.Argument("target", ArgumentKind.WritePointer);
        VReg tiles = p.Argument("tiles", ArgumentKind.Integer), rows = p.Argument("rows", ArgumentKind.Integer), rowStep = p.Argument("row step", ArgumentKind.Integer);
        VReg[] operands = [.. Operands.Select((_, i) => p.Argument($"operand {i + 1}", ArgumentKind.ReadPointer))];
        VReg stream = StreamLines > 0 ? p.Argument("stream", ArgumentKind.ReadPointer) : default;
        p.Loop(tiles, 1, () =>
        {
            p.Loop(Groups, () => EmitGroup(p, source, weights, target, rows, rowStep, stream, operands));
            // Back to the first group, on to the next tile.
            int channels = checked(Groups * Vectors * p.VectorBytes);
            p.AddTo(weights, checked(-Groups * GroupBytes));
            p.AddTo(source, Walk.Source);
            p.AddTo(target, Walk.Target - channels);
            for (int i = 0; i < operands.Length; i++)
            {
                p.AddTo(operands[i], checked((int)Walk.Operands[i]) - (Operands[i].PerChannel ? channels : 0));
            }
        });
        return p.Build();
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

    private void EmitGroup(KernelBuilder p, VReg source, VReg weights, VReg target, VReg rows, VReg rowStep, VReg stream, VReg[] operands)
    {
        VReg x = p.Copy(source), w = p.Copy(weights);
        VReg[,] sums = new VReg[PixelOffsets.Count, Vectors];
        for (int pixel = 0; pixel < PixelOffsets.Count; pixel++)
        {
            for (int v = 0; v < Vectors; v++)
            {
                sums[pixel, v] = p.Zero();
            }
        }

        FetchOperands(p, operands);
        if (RepeatsRows)
        {
            p.Loop(rows, 1, () =>
            {
                EmitRuns(p, x, w, stream, sums);
                p.AddTo(x, rowStep);
            });
        }
        else
        {
            EmitRuns(p, x, w, stream, sums);
        }

        Finish(p, sums, target, operands);
        p.AddTo(weights, GroupBytes);
        p.AddTo(target, Vectors * p.VectorBytes);
        for (int i = 0; i < operands.Length; i++)
        {
            if (Operands[i].PerChannel)
            {
                p.AddTo(operands[i], Vectors * p.VectorBytes);
            }
        }
    }

    private void EmitRuns(KernelBuilder p, VReg x, VReg w, VReg stream, VReg[,] sums)
    {
        ulong all = PixelOffsets.Count == 64 ? ulong.MaxValue : (1ul << PixelOffsets.Count) - 1;
        foreach (DotRun run in Runs)
        {
            if (run.Skipped == all)
            {
                p.AddTo(w, checked(run.Length * Vectors * p.VectorBytes));
                continue;
            }

            int whole = run.Length / Unroll;
            p.Loop(whole, () =>
            {
                FetchStream(p, stream);
                EmitFloats(p, x, w, sums, run, Unroll, advance: true);
            });
            EmitFloats(p, x, w, sums, run, run.Length % Unroll, advance: false);
            if (whole > 0)
            {
                p.AddTo(x, -4 * Unroll * whole);
            }
        }
    }

    private void FetchStream(KernelBuilder p, VReg stream)
    {
        for (int line = 0; line < StreamLines; line++)
        {
            p.Prefetch(new MemoryOperand(stream, line * CacheLine));
        }

        if (StreamLines > 0)
        {
            p.AddTo(stream, StreamLines * CacheLine);
        }
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
                MemoryOperand at = new(w, ((i * Vectors) + v) * p.VectorBytes);
                if (Prefetch > 0)
                {
                    p.Prefetch(at.Plus(Prefetch));
                }

                row[v] = p.Load(at);
            }

            for (int pixel = 0; pixel < PixelOffsets.Count; pixel++)
            {
                if ((run.Skipped >> pixel & 1) != 0)
                {
                    continue;
                }

                MemoryOperand at = new(x, checked((int)PixelOffsets[pixel] + run.Offset + (4 * i)));
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

        p.AddTo(w, count * Vectors * p.VectorBytes);
        if (advance)
        {
            p.AddTo(x, 4 * count);
        }
    }

    private void Finish(KernelBuilder p, VReg[,] sums, VReg target, VReg[] operands)
    {
        for (int v = 0; v < Vectors; v++)
        {
            if (v == Vectors - 1 && LastLanes < p.Lanes)
            {
                p.Masked(p.TailMask(LastLanes), () => FinishVector(p, sums, v, target, operands));
            }
            else
            {
                FinishVector(p, sums, v, target, operands);
            }
        }
    }

    private void FinishVector(KernelBuilder p, VReg[,] sums, int v, VReg target, VReg[] operands)
    {
        // What all pixels share is loaded once.
        VReg[] shared = [.. Operands.Select((o, i) => o.PixelOffsets.Count == 0 ? o.Load(p, operands[i], v, 0) : default)];
        for (int pixel = 0; pixel < PixelOffsets.Count; pixel++)
        {
            int at = pixel;
            VReg value = Epilogue is null ? sums[at, v] : EpilogueLowering.Apply(p, Epilogue, i => i == 0 ? sums[at, v] : shared[i - 1].IsValid ? shared[i - 1] : Operands[i - 1].Load(p, operands[i - 1], v, at));
            p.Store(new MemoryOperand(target, checked((int)OutputOffsets[pixel] + (v * p.VectorBytes))), value);
        }
    }
}
