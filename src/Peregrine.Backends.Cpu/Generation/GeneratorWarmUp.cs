using Peregrine.Backends.Cpu.Movement;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>Does once, on a small convolution, what loading an engine does for each of its kernels: the first time of everything takes many times longer than the second.</summary>
internal static class GeneratorWarmUp
{
    private const int Channels = 32, Extent = 8;

    /// <summary>Has the first two tactics that take the convolution make its kernel, and transposes a few floats.</summary>
    public static unsafe void Run(IReadOnlyList<ITactic> tactics, DeviceProfile device)
    {
        KernelOperand pixels = new(OperandRole.Activation, DataType.Float32, Layout.ChannelsLast(4, 0), Dims(1, Channels, Extent, Extent));
        KernelOperand weights = new(OperandRole.Weight, DataType.Float32, Layout.RowMajor, Dims(Channels, Channels, 3, 3)), bias = new(OperandRole.Weight, DataType.Float32, Layout.RowMajor, Dims(Channels));
        Conv convolution = new(KernelShape: Ints.Create([3, 3]), Pads: Ints.Create([1, 1, 1, 1]));
        KernelRequest request = new(convolution, [pixels, weights, bias], [pixels], Expr.Apply(BinaryFunction.Max, new OperandExpr(0), 0));
        int made = 0;
        foreach (ITactic tactic in tactics)
        {
            if (made < 2 && tactic.Consider(request, device) is Verdict.Accept accept)
            {
                _ = tactic.Recompile(request, accept.Options[0]);
                made++;
            }
        }

        const int Side = 16;
        float* from = stackalloc float[Side * Side], to = stackalloc float[Side * Side];
        new Span<float>(from, Side * Side).Clear();
        BlockTranspose.Run(sizeof(float), (byte*)from, Side * sizeof(float), (byte*)to, Side * sizeof(float), Side, Side);
    }

    private static ValueList<KernelDim> Dims(params ReadOnlySpan<long> extents)
    {
        KernelDim[] dims = new KernelDim[extents.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = KernelDim.Static(extents[i]);
        }

        return ValueList.From(dims);
    }
}
