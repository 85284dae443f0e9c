using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.MatrixProducts;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Pooling;
using Peregrine.Backends.Cpu.Reference;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu;

/// <summary>Every tactic of the CPU, in the order in which ties are decided; the reference, which takes what nobody else does, is last.</summary>
internal static class CpuTactics
{
    public static IReadOnlyList<ITactic> For(DeviceProfile device)
    {
        GeneratorTarget? target = GeneratorTarget.Of(device);
        return
        [
            new DepthwiseTactic(target),
            new WinogradTactic(target),
            new DirectConvolutionTactic(target),
            new ConstantMatrixTactic(target),
            new ReformatTactic(),
            new PoolTactic(),
            new ReferenceTactic(),
        ];
    }
}
