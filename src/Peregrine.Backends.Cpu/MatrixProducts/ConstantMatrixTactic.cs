using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.MatrixProducts;

/// <summary>Gemm and MatMul with a constant matrix on the right, packed once; any number of rows, known or not.</summary>
internal sealed class ConstantMatrixTactic(GeneratorTarget? target, bool isPortable = false) : PatchProductTactic(target, isPortable)
{
    public override TacticId Id { get; } = new(isPortable ? "cpu.gemm.packed.portable" : "cpu.gemm.packed", 1);

    protected override PatchProblem? Read(KernelRequest request, out string reason) => PatchProblem.OfMatrixProduct(request, out reason);
}
