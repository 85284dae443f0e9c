using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// The micro-kernel of depthwise convolution: a block of pixels of one vector of channels at a time. Weights of a row of the kernel stay in registers, and so does each input pixel while it is
/// multiplied with all of them; sums go through the epilogue. Arguments are those of <see cref="DotTile"/>, and behind them the number of vectors of channels: a call computes all of them, tile by tile.
/// </summary>
/// <param name="Lanes">Channels of the vector; fewer than the target's lanes only in the last one.</param>
/// <param name="PixelRows">Rows of pixels, all of the same length.</param>
/// <param name="Runs">The positions of the kernel, or those of one row; their length is 1.</param>
/// <param name="Columns">Positions in a row of the kernel.</param>
/// <param name="VectorBytes">Packed bytes of one vector of channels: all positions of the kernel.</param>
internal sealed record DepthwiseTile(
    int Lanes, int PixelRows, Ints PixelOffsets, Ints OutputOffsets, ValueList<DotRun> Runs, int Columns, bool RepeatsRows, int VectorBytes, ValueList<DotOperand> Operands, Expr? Epilogue)
{
    /// <summary>As of <see cref="DotTile.HasSlices"/>.</summary>
    public bool HasSlices { get; init; }

    /// <summary>
    /// Whether the results of each channel are summed up: added to a vector of sums, whose address is an argument, at <see cref="Sums"/> behind the operands. Not together with <see cref="HasSlices"/>.
    /// </summary>
    public bool HasSums { get; init; }

    /// <summary>Where the argument of a tile with <see cref="HasSums"/> stands.</summary>
    public const int Sums = 0;

    /// <summary>Where the number of vectors stands behind the operands of a tile with slices, with sums or without either.</summary>
    public static int Vectors(bool hasSlices, bool hasSums) => hasSlices ? DotTile.SliceArgumentCount : hasSums ? Sums + 1 : 0;

    /// <summary>How the pointers move from tile to tile.</summary>
    public DotWalk Walk { get; init; } = DotWalk.None;

    public CompiledCode Compile(GeneratorTarget target) => target.Compile(this, () => Build(target.Set));

    private KernelProgram Build(InstructionSet set)
    {
        KernelBuilder p = new($"depthwise-{PixelOffsets.Count}x{Lanes}", set.Lanes, ArgumentPassing.Block);
        VReg source = p.Argument("source", ArgumentKind.ReadPointer), weights = p.Argument("weights", ArgumentKind.ReadPointer), target = p.Argument("target", ArgumentKind.WritePointer);
        VReg tiles = p.Argument("tiles", ArgumentKind.Integer), rows = p.Argument("rows", ArgumentKind.Integer), rowStep = p.Argument("row step", ArgumentKind.Integer);
        VReg[] operands = [.. Operands.Select((_, i) => p.Argument($"operand {i + 1}", ArgumentKind.ReadPointer))];
        VReg[] slices = HasSlices ? [p.Argument("slices", ArgumentKind.Integer), p.Argument("slice step", ArgumentKind.Integer), p.Argument("slice weights", ArgumentKind.Integer)] : [];
        VReg sums = HasSums ? p.Argument("sums", ArgumentKind.WritePointer) : default, vectors = p.Argument("vectors", ArgumentKind.Integer);
        EpilogueWriter epilogue = new(Epilogue, set.VectorRegisters);
        p.Loop(tiles, 1, () =>
        {
            Pointers at = new(p.Copy(source), p.Copy(weights), p.Copy(target), [.. operands.Select(p.Copy)], HasSums ? p.Copy(sums) : default);
            p.Loop(vectors, 1, () => EmitVector(p, set, epilogue, at, rows, rowStep, slices));
            DotTile.Move(p, source, Walk.Source);
            DotTile.Move(p, target, Walk.Target);
            for (int i = 0; i < Walk.Operands.Count; i++)
            {
                DotTile.Move(p, operands[i], checked((int)Walk.Operands[i]));
            }
        });
        return p.Build();
    }

    /// <summary>Computes a tile for one vector of channels, and moves on to the next.</summary>
    private void EmitVector(KernelBuilder p, InstructionSet set, EpilogueWriter epilogue, Pointers at, VReg rows, VReg rowStep, VReg[] slices)
    {
        // What the sums and one pixel leave.
        int held = Math.Max(1, Math.Min(Columns, set.VectorRegisters - PixelOffsets.Count - 1));
        bool moves = RepeatsRows || HasSlices;
        VReg x = moves ? p.Copy(at.Source) : at.Source, w = moves ? p.Copy(at.Weights) : at.Weights;
        VReg[] sums = [.. PixelOffsets.Select(_ => p.Zero())];
        if (HasSlices)
        {
            p.Loop(slices[DotTile.Slices], 1, () =>
            {
                EmitRows(p, x, w, rows, rowStep, sums, held);
                p.AddTo(x, slices[DotTile.SliceStep]);
                p.AddTo(w, slices[DotTile.SliceWeights]);
                p.AddTo(w, RepeatsRows ? 0 : Runs.Count * p.VectorBytes);
            });
        }
        else
        {
            EmitRows(p, x, w, rows, rowStep, sums, held);
        }

        if (Lanes < p.Lanes)
        {
            p.Masked(p.TailMask(Lanes), () => Finish(p, epilogue, sums, at));
        }
        else
        {
            Finish(p, epilogue, sums, at);
        }

        if (HasSums)
        {
            p.AddTo(at.Sums, p.VectorBytes);
        }

        p.AddTo(at.Weights, VectorBytes);
        p.Advance(p.VectorBytes, at.Source, at.Target);
        for (int i = 0; i < at.Operands.Length; i++)
        {
            if (Operands[i].PerChannel)
            {
                p.AddTo(at.Operands[i], p.VectorBytes);
            }
        }
    }

    private void EmitRows(KernelBuilder p, VReg x, VReg w, VReg rows, VReg rowStep, VReg[] sums, int held)
    {
        if (RepeatsRows)
        {
            p.Loop(rows, 1, () =>
            {
                EmitPositions(p, x, w, sums, held);
                p.AddTo(x, rowStep);
                p.AddTo(w, Runs.Count * p.VectorBytes);
            });
        }
        else
        {
            EmitPositions(p, x, w, sums, held);
        }
    }

    private void EmitPositions(KernelBuilder p, VReg x, VReg w, VReg[] sums, int held)
    {
        for (int row = 0; row < Runs.Count; row += Columns)
        {
            for (int first = row; first < row + Columns; first += held)
            {
                EmitColumns(p, x, w, sums, first, Math.Min(first + held, row + Columns));
            }
        }
    }

    /// <summary>Multiplies some neighbouring positions of a row of the kernel with all pixels of the input that they meet.</summary>
    private void EmitColumns(KernelBuilder p, VReg x, VReg w, VReg[] sums, int begin, int end)
    {
        // Pixels of the input from left to right, row by row within: sums that follow each other are different ones, and none waits for itself.
        int width = PixelOffsets.Count / PixelRows;
        SortedDictionary<(long Column, int Row), List<(int Pixel, int Position)>> products = [];
        for (int position = begin; position < end; position++)
        {
            for (int pixel = 0; pixel < sums.Length; pixel++)
            {
                if ((Runs[position].Skipped >> pixel & 1) == 0)
                {
                    int row = pixel / width;
                    (long, int) key = (PixelOffsets[pixel] - PixelOffsets[row * width] + Runs[position].Offset, row);
                    (products.TryGetValue(key, out List<(int, int)>? list) ? list : products[key] = []).Add((pixel, position));
                }
            }
        }

        VReg[] held = new VReg[end - begin];
        foreach (((long column, int row), List<(int Pixel, int Position)> uses) in products)
        {
            MemoryOperand at = new(x, checked((int)(PixelOffsets[row * width] + column)));

            // Behind the last channel of the last pixel there may be no memory.
            VReg value = Lanes < p.Lanes ? p.Load(at, p.TailMask(Lanes)) : uses.Count > 1 ? p.Load(at) : default;
            foreach ((int pixel, int position) in uses)
            {
                ref VReg weight = ref held[position - begin];
                if (!weight.IsValid)
                {
                    weight = p.Load(new MemoryOperand(w, position * p.VectorBytes));
                }

                if (value.IsValid)
                {
                    p.Fma(sums[pixel], weight, value);
                }
                else
                {
                    p.FmaLoad(sums[pixel], weight, at);
                }
            }
        }
    }

    private void Finish(KernelBuilder p, EpilogueWriter epilogue, VReg[] sums, Pointers at)
    {
        VReg[] operands = at.Operands;
        VReg[] shared = [.. Operands.Select((o, i) => o.PixelOffsets.Count == 0 ? o.Load(p, operands[i], 0, 0) : default)];
        // From the first results on, whose registers are free then.
        VReg sum = default;
        epilogue.Write(
            p,
            sums.Length,
            sums.Length + shared.Count(r => r.IsValid) + (HasSums ? 1 : 0),
            (pixel, i) => i == 0 ? sums[pixel] : shared[i - 1].IsValid ? shared[i - 1] : Operands[i - 1].Load(p, operands[i - 1], 0, pixel),
            (pixel, value) => p.Store(new MemoryOperand(at.Target, checked((int)OutputOffsets[pixel])), value),
            HasSums ? values => sum = sum.IsValid ? p.Add(sum, Sum(p, values)) : Sum(p, values) : null);
        if (HasSums)
        {
            p.Store(new MemoryOperand(at.Sums, 0), p.Add(sum, p.Load(new MemoryOperand(at.Sums, 0))));
        }
    }

    /// <summary>In pairs, so that no addition waits for more than the few before it.</summary>
    private static VReg Sum(KernelBuilder p, ReadOnlySpan<VReg> values) => values.Length == 1 ? values[0] : p.Add(Sum(p, values[..(values.Length / 2)]), Sum(p, values[(values.Length / 2)..]));

    /// <summary>Where a vector of channels of a tile begins.</summary>
    private readonly record struct Pointers(VReg Source, VReg Weights, VReg Target, VReg[] Operands, VReg Sums);
}
