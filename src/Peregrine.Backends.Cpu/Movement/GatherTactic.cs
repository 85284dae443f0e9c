using Peregrine.Backends.Cpu.Workers;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Gather on row-major tensors: each index selects contiguous bytes.</summary>
internal sealed class GatherTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.gather", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: Gather gather, Inputs: [var data, var indices], Outputs: [var output], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (!data.Layout.IsRowMajor || !indices.Layout.IsRowMajor || !output.Layout.IsRowMajor)
        {
            return new Verdict.Decline("needs row-major operands");
        }

        return MovementRequests.IsMovable(data.Type) && indices.Type is DataType.Int32 or DataType.Int64
            ? MovementRequests.Accept(device, 2 * MovementRequests.Bytes(output), MovementRequests.Strided)
            : new Verdict.Decline("moves whole bytes, by indices of int32 or int64");
    }

    public IKernel Compile(KernelRequest request, TacticOption option) =>
        new GatherKernel(((Gather)request.Anchor!).Axis, request.Inputs[0].Type.Bits() / 8, request.Inputs[1].Type == DataType.Int32);
}

/// <summary>A unit is one index under one position of the axes in front; indices are checked where they are used.</summary>
internal sealed unsafe class GatherKernel(long axis, int size, bool isInt32) : ICpuKernel
{
    private const long TileBytes = 32 << 10;

    public int TileCount(in KernelArguments arguments, int phase) => (int)Of(arguments).Tiles;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        Extents e = Of(arguments);
        byte* data = arguments.Input(0), indices = arguments.Input(1), output = arguments.Output(0);
        long end = Math.Min((long)tiles.End * e.UnitsPerTile, e.Outer * e.Indices);
        (long outer, long at) = Math.DivRem((long)tiles.Begin * e.UnitsPerTile, e.Indices);
        for (long unit = (long)tiles.Begin * e.UnitsPerTile; unit < end; unit++)
        {
            long index = isInt32 ? ((int*)indices)[at] : ((long*)indices)[at];
            if (index < -e.Extent || index >= e.Extent)
            {
                string source = $"{arguments.Step.Request.Inputs[0].Type.Name()}[{string.Join(',', arguments.InputDims(0).ToArray())}]";
                throw new ModelException(Diagnostic.Error("PG2128", $"Gather \"{arguments.Step.Name}\": index {index} is outside of [-{e.Extent}, {e.Extent}) on axis {Axes.Normalise(axis, arguments.InputDims(0).Length)} of {source}."));
            }

            CopyBlocks.Row(data + (((outer * e.Extent) + (index < 0 ? index + e.Extent : index)) * e.Bytes), output + (unit * e.Bytes), (nint)e.Bytes);
            if (++at == e.Indices)
            {
                at = 0;
                outer++;
            }
        }
    }

    private Extents Of(in KernelArguments arguments)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        int at = Axes.Normalise(axis, dims.Length);
        long outer = Tensor.CountElements(dims[..at]), indices = Tensor.CountElements(arguments.InputDims(1)), bytes = Tensor.CountElements(dims[(at + 1)..]) * size;
        // Without anything to copy the indices are still checked, once.
        long rows = bytes == 0 || outer == 0 ? 1 : outer;
        long perTile = Math.Max(Math.Max(1, TileBytes / Math.Max(bytes, 16)), rows * indices / (1 << 20));
        return new(rows, indices, dims[at], outer == 0 ? 0 : bytes, perTile, ((rows * indices) + perTile - 1) / perTile);
    }

    private readonly record struct Extents(long Outer, long Indices, long Extent, long Bytes, long UnitsPerTile, long Tiles);
}
