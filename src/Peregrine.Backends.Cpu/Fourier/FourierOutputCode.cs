using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>Puts the channels of consecutive pixels through the epilogue and into memory.</summary>
/// <param name="Channels">Channels of a pixel that are computed.</param>
/// <param name="SourceFloats">Floats from pixel to pixel of the transform's results.</param>
internal sealed record FourierOutputCode(PatchProblem Problem, int Channels, int SourceFloats)
{
    /// <summary>Where the arguments stand in the block; the operands' pointers follow.</summary>
    public const int Source = 0, Target = 1, Pixels = 2, FirstOperand = 3;

    public CompiledCode Compile(GeneratorTarget target) => target.Compile(this, () => Build(target.Lanes));

    private KernelProgram Build(int vectorLanes)
    {
        KernelBuilder p = new($"fourier-output-{Channels}", vectorLanes, ArgumentPassing.Block);
        VReg source = p.Argument("source", ArgumentKind.ReadPointer), result = p.Argument("target", ArgumentKind.WritePointer), pixels = p.Argument("pixels", ArgumentKind.Integer);
        VReg[] operands = [.. Problem.Operands.Select((_, i) => p.Argument($"operand {i + 1}", ArgumentKind.ReadPointer))];
        p.Loop(pixels, 1, () =>
        {
            for (int first = 0; first < Channels; first += p.Lanes)
            {
                int offset = first * sizeof(float), lanes = Math.Min(p.Lanes, Channels - first);
                if (lanes < p.Lanes)
                {
                    p.Masked(p.TailMask(lanes), () => Emit(p, source, result, operands, offset));
                }
                else
                {
                    Emit(p, source, result, operands, offset);
                }
            }

            p.AddTo(source, SourceFloats * sizeof(float));
            p.AddTo(result, checked((int)(Problem.OutputStride * sizeof(float))));
            for (int i = 0; i < operands.Length; i++)
            {
                if (Problem.Operands[i].PixelStride > 0)
                {
                    p.AddTo(operands[i], checked((int)(Problem.Operands[i].PixelStride * sizeof(float))));
                }
            }
        });
        return p.Build();
    }

    private void Emit(KernelBuilder p, VReg source, VReg result, VReg[] operands, int offset)
    {
        VReg value = p.Load(new MemoryOperand(source, offset));
        VReg Operand(int number) => number == 0 ? value
            : Problem.Operands[number - 1].PerChannel ? p.Load(new MemoryOperand(operands[number - 1], offset))
            : p.LoadBroadcast(new MemoryOperand(operands[number - 1], 0));
        p.Store(new MemoryOperand(result, offset), Problem.Epilogue is { } epilogue ? EpilogueLowering.Apply(p, epilogue, Operand) : value);
    }
}
