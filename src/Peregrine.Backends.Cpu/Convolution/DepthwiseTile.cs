using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// The micro-kernel of depthwise convolution: a few pixels of one vector of channels at a time. Each position of the kernel is one load of weights and one multiply-add per pixel, whose input
/// comes straight from memory; sums go through the epilogue. Arguments are those of <see cref="DotTile"/>; a call computes one tile.
/// </summary>
/// <param name="Vectors">Vectors of channels, one behind the other.</param>
/// <param name="Lanes">Channels of the vector; fewer than the target's lanes only in the last one.</param>
/// <param name="Runs">The positions of the kernel, or those of one row; their length is 1.</param>
/// <param name="VectorBytes">Packed bytes of one vector of channels: all positions of the kernel.</param>
internal sealed record DepthwiseTile(
    int Vectors, int Lanes, Ints PixelOffsets, Ints OutputOffsets, ValueList<DotRun> Runs, bool RepeatsRows, int VectorBytes, ValueList<DotOperand> Operands, Expr? Epilogue)
{
    public CompiledCode Compile(GeneratorTarget target) => target.Compile(this, () => Build(target.Lanes));

    private KernelProgram Build(int lanes)
    {
        KernelBuilder p = new($"depthwise-{PixelOffsets.Count}x{Lanes}", lanes, ArgumentPassing.Block);
        VReg source = p.Argument("source", ArgumentKind.ReadPointer), weights = p.Argument("weights", ArgumentKind.ReadPointer), target = p.Argument("target", ArgumentKind.WritePointer);
        _ = p.Argument("tiles", ArgumentKind.Integer);
        VReg rows = p.Argument("rows", ArgumentKind.Integer), rowStep = p.Argument("row step", ArgumentKind.Integer);
        VReg[] operands = [.. Operands.Select((_, i) => p.Argument($"operand {i + 1}", ArgumentKind.ReadPointer))];
        p.Loop(Vectors, () =>
        {
            VReg x = p.Copy(source), w = p.Copy(weights);
            VReg[] sums = [.. PixelOffsets.Select(_ => p.Zero())];
            if (RepeatsRows)
            {
                p.Loop(rows, 1, () =>
                {
                    EmitPositions(p, x, w, sums);
                    p.AddTo(x, rowStep);
                    p.AddTo(w, Runs.Count * p.VectorBytes);
                });
            }
            else
            {
                EmitPositions(p, x, w, sums);
            }

            if (Lanes < p.Lanes)
            {
                p.Masked(p.TailMask(Lanes), () => Finish(p, sums, target, operands));
            }
            else
            {
                Finish(p, sums, target, operands);
            }

            p.AddTo(weights, VectorBytes);
            p.Advance(p.VectorBytes, source, target);
            for (int i = 0; i < operands.Length; i++)
            {
                if (Operands[i].PerChannel)
                {
                    p.AddTo(operands[i], p.VectorBytes);
                }
            }
        });
        return p.Build();
    }

    private void EmitPositions(KernelBuilder p, VReg x, VReg w, VReg[] sums)
    {
        ulong all = sums.Length == 64 ? ulong.MaxValue : (1ul << sums.Length) - 1;
        for (int position = 0; position < Runs.Count; position++)
        {
            DotRun run = Runs[position];
            if (run.Skipped == all)
            {
                continue;
            }

            VReg weight = p.Load(new MemoryOperand(w, position * p.VectorBytes));
            for (int pixel = 0; pixel < sums.Length; pixel++)
            {
                if ((run.Skipped >> pixel & 1) != 0)
                {
                    continue;
                }

                MemoryOperand at = new(x, checked((int)PixelOffsets[pixel] + run.Offset));
                if (Lanes == p.Lanes)
                {
                    p.FmaLoad(sums[pixel], weight, at);
                }
                else
                {
                    // Behind the last channel of the last pixel there may be no memory.
                    p.Fma(sums[pixel], weight, p.Load(at, p.TailMask(Lanes)));
                }
            }
        }
    }

    private void Finish(KernelBuilder p, VReg[] sums, VReg target, VReg[] operands)
    {
        VReg[] shared = [.. Operands.Select((o, i) => o.PixelOffsets.Count == 0 ? o.Load(p, operands[i], 0, 0) : default)];
        for (int pixel = 0; pixel < sums.Length; pixel++)
        {
            int at = pixel;
            VReg value = Epilogue is null ? sums[pixel] : EpilogueLowering.Apply(p, Epilogue, i => i == 0 ? sums[at] : shared[i - 1].IsValid ? shared[i - 1] : Operands[i - 1].Load(p, operands[i - 1], 0, at));
            p.Store(new MemoryOperand(target, checked((int)OutputOffsets[pixel])), value);
        }
    }
}
