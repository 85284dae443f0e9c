using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Rows of a table that is quantised in blocks along one axis, dequantised: data, scales and zero points are gathered as they are stored, and only what was gathered is dequantised.
/// Elements of fewer than 8 bits may stand in bytes along the last axis. An index that is out of range is an error here.
/// </summary>
internal static class GatherBlockQuantizedImport
{
    private const int Data = 0, Indices = 1, Scales = 2, ZeroPoints = 3;

    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GatherBlockQuantized", Import)
        .Inputs("data", "indices", "scales", "zero_points?").Outputs("output")
        .Int("bits", 4).Int("block_size", 128).Int("gather_axis", 0).Int("quantize_axis", 1);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (!n.Shape(Data).IsRanked || !n.Shape(Indices).IsRanked || n.Shape(Data).Rank < 2)
        {
            return n.Fail($"data {n[Data]!.Type} and indices {n[Indices]!.Type} must be of known ranks, data of rank 2 at least.", "Give the model's inputs their shapes.");
        }

        int rank = n.Shape(Data).Rank;
        long gathered = n.Int("gather_axis"), quantised = n.Int("quantize_axis"), block = n.Int("block_size");
        gathered += gathered < 0 ? rank : 0;
        quantised += quantised < 0 ? rank : 0;
        if (gathered != 0 || quantised < 1 || quantised >= rank || block < 16 || block > 1 << 20 || !long.IsPow2(block))
        {
            return n.Fail($"gather_axis={n.Int("gather_axis")}, quantize_axis={n.Int("quantize_axis")}, block_size={block} are not supported for data of rank {rank}: it gathers on axis 0, quantises on another, in blocks of a power of two from 16 on.");
        }

        if (Stored(n, quantised) is not { } stored)
        {
            return null;
        }

        Value Pick(Value table) => n.Call(new Gather(), table, n[Indices]);
        Value? zeroPoints = stored.ZeroPoints is { } zeros ? Pick(zeros) : null;
        return [n.Call(new DequantizeLinear(quantised - 1 + n.Shape(Indices).Rank, block), Pick(stored.Data), Pick(n[Scales]!), zeroPoints)];
    }

    /// <summary>Data and zero points in a type of their own width; null after reporting what is not supported.</summary>
    private static (Value Data, Value? ZeroPoints)? Stored(ForeignNode n, long quantised)
    {
        long bits = n.Int("bits");
        if (n.ElementType(Data) != DataType.UInt8)
        {
            return (n[Data]!, n[ZeroPoints]);
        }

        DataType type = PackedWeights.TypeOf(bits);
        if (type == DataType.Undefined || quantised != n.Shape(Data).Rank - 1)
        {
            n.Fail($"bits={bits}, quantize_axis={n.Int("quantize_axis")}: bytes hold 2, 4 or 8 bits along the last axis, which must be the quantised one.");
            return null;
        }

        if (n[Data]!.Constant is not { } data || n[Scales]!.Constant is not { } scales || (n.Has(ZeroPoints) && n[ZeroPoints]!.Constant is null))
        {
            n.Fail("data, scales and zero_points must be constants.", "Export them as initializers.");
            return null;
        }

        if (scales.Data.Rank != data.Data.Rank)
        {
            n.Fail($"scales {scales.Data} and data {data.Data} must be of one rank.");
            return null;
        }

        long[] dims = data.Data.Dims.ToArray(), groups = scales.Data.Dims.ToArray();
        dims[^1] = dims[^1] * 8 / bits;
        Tensor? zeroPoints = n[ZeroPoints]?.Constant is { } given ? Unpack(given.Data, bits, groups) : PackedWeights.Filled(type, groups, 1 << ((int)bits - 1));
        if (zeroPoints is null || Unpack(data.Data, bits, dims) is not { } packed)
        {
            n.Fail($"zero_points {n[ZeroPoints]!.Type} do not hold an element of {bits} bits for each of the scales {n[Scales]!.Type}.");
            return null;
        }

        return (n.Constant("table", packed), n.Constant("zero_points", zeroPoints));
    }

    private static Tensor? Unpack(Tensor bytes, long bits, long[] dims) => PackedWeights.Unpack(bytes, bits, Tensor.CountElements(dims.AsSpan(0, dims.Length - 1)), dims[^1])?.WithDims(dims);
}
