using Peregrine.Backends.Cpu.Chains;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Fourier;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.MatrixProducts;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Normalization;
using Peregrine.Backends.Cpu.Pointwise;
using Peregrine.Backends.Cpu.Pooling;
using Peregrine.Backends.Cpu.Reduction;
using Peregrine.Backends.Cpu.Reference;
using Peregrine.Backends.Cpu.Resizing;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;

[assembly: BuiltOn(typeof(Peregrine.CodeGen.X64.HostCpu))]

namespace Peregrine.Backends.Cpu;

/// <summary>Every tactic of the CPU, in the order in which ties are decided; the reference, which takes what nobody else does, is last.</summary>
internal static class CpuTactics
{
    public static IReadOnlyList<ITactic> For(DeviceProfile device)
    {
        GeneratorTarget? target = GeneratorTarget.Of(device);
        ITactic[] convolutions = [new DepthwiseTactic(target), new FourierConvolutionTactic(target), new WinogradTactic(target), new DirectConvolutionTactic(target)];
        DirectConvolutionTactic portable = new(target, isPortable: true);
        return
        [
            new ChainTactic(target),
            new SeparateLinksTactic([.. convolutions, portable]),
            .. convolutions,
            new ScaledConvolutionTactic(target),
            new TransposedConvolutionTactic(target),
            new ConstantMatrixTactic(target),
            new RunTimeMatrixTactic(target),
            portable,
            new ScaledConvolutionTactic(target, isPortable: true),
            new TransposedConvolutionTactic(target, isPortable: true),
            new ConstantMatrixTactic(target, isPortable: true),
            new RunTimeMatrixTactic(target, isPortable: true),
            new PointwiseTactic(target),
            new ReformatTactic(),
            new CopyTactic(),
            new ConcatTactic(),
            new SplitTactic(),
            new SliceTactic(),
            new PadTactic(),
            new RepeatTactic(),
            new TransposeTactic(),
            new DepthSpaceTactic(),
            new GatherTactic(),
            new PoolTactic(),
            new ResizeTactic(),
            new SoftmaxTactic(),
            new LayerNormalizationTactic(),
            new GroupNormalizationTactic(),
            new LrnTactic(),
            new ReductionTactic(),
            new ArgReductionTactic(),
            new TopKTactic(),
            new CumulativeSumTactic(),
            new ReferenceTactic(),
        ];
    }
}
