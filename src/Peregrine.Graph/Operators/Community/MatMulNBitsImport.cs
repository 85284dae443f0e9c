using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// A·Wᵀ + bias, where the constant W [N, K] has 2, 4 or 8 bits and is quantised in blocks of K: B is [N, blocks, bytes of a block], scales are [N, blocks], zero points (by
/// default the middle of the range) are packed likewise or are numbers of the scales' type. The accuracy level is a hint that other implementations may trade exactness for
/// speed by; results here do not depend on it.
/// </summary>
internal static class MatMulNBitsImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("MatMulNBits", Import)
        .Inputs("A", "B", "scales", "zero_points?", "g_idx?", "bias?").Outputs("Y")
        .Int("K").Int("N").Int("bits", 4).Int("block_size").Only("weight_prepacked", 0L).Ignore("accuracy_level");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        const int GroupIndex = 4, Bias = 5;
        if (n[GroupIndex] is { } groups && !IsInOrder(groups, n.Int("block_size")))
        {
            return n.Fail("g_idx is no constant, or assigns the columns to groups in another order than that of the blocks, which is not supported.", "Quantise the model without reordering (act order).");
        }

        if (Weights(n, 1, n.Int("N"), n.Int("K"), n.Int("bits"), n.Int("block_size")) is not { } weights)
        {
            return null;
        }

        Value y = n.Call(new MatMul(), n[0], n.Call(new Transpose(Ints.Create([1, 0])), weights));
        return [n.Has(Bias) ? n.Call(new Add(), y, n[Bias]) : y];
    }

    /// <summary>Whether column i belongs to group ⌊i / block size⌋ throughout: what the layout says anyway.</summary>
    private static bool IsInOrder(Value groups, long blockSize)
    {
        if (groups.Constant?.Data is not { } tensor || !tensor.Type.IsInteger() || blockSize < 1)
        {
            return false;
        }

        long[] numbers = new long[tensor.Length];
        ElementConversion.Load<long>(tensor, numbers);
        return !numbers.Where((group, column) => group != column / blockSize).Any();
    }

    /// <summary>The dequantised matrix [N, K] of inputs <paramref name="first"/> (bytes), then scales and zero points; null after reporting what does not fit.</summary>
    private static Value? Weights(ForeignNode n, int first, long rows, long columns, long bits, long blockSize)
    {
        DataType type = PackedWeights.TypeOf(bits);
        if (type == DataType.Undefined || rows < 1 || columns < 1 || blockSize < 16 || blockSize > 1 << 20 || !long.IsPow2(blockSize))
        {
            n.Fail($"N={rows}, K={columns}, bits={bits}, block_size={blockSize}: bits must be 2, 4 or 8, block_size a power of two of at least 16, N and K at least 1.");
            return null;
        }

        long blocks = ((columns - 1) / blockSize) + 1;
        if (n[first]!.Constant is not { } bytes)
        {
            n.Fail("B is no constant; weights that are computed are not supported.", "Export the weights as an initializer.");
            return null;
        }

        if (PackedWeights.Unpack(bytes.Data, bits, rows, blocks * blockSize) is not { } packed)
        {
            n.Fail($"B is {n[first]!.Type}, but must hold {rows} rows of {blocks} blocks of {blockSize} elements of {bits} bits.");
            return null;
        }

        Value scales = PackedWeights.Matrix(n, n[first + 1]!, rows, blocks);
        if (ZeroPoints(n, n[first + 2], type, bits, rows, blocks) is not { } zeroPoints)
        {
            return null;
        }

        Value weights = PackedWeights.Dequantize(n, n.Constant("weights", packed), scales, zeroPoints, blockSize);
        return blocks * blockSize == columns ? weights : n.Call(new Slice(), weights, n.Integers(0), n.Integers(columns), n.Integers(1));
    }

    private static Value? ZeroPoints(ForeignNode n, Value? given, DataType type, long bits, long rows, long blocks)
    {
        if (given is null)
        {
            return n.Constant("zero_points", PackedWeights.Filled(type, [rows, blocks], 1 << ((int)bits - 1)));
        }

        if (given.Tensor!.ElementType != DataType.UInt8)
        {
            return PackedWeights.Matrix(n, given, rows, blocks);
        }

        if (given.Constant is not { } bytes)
        {
            n.Fail("zero_points is no constant; packed zero points that are computed are not supported.", "Export them as an initializer.");
            return null;
        }

        if (PackedWeights.Unpack(bytes.Data, bits, rows, blocks) is not { } zeroPoints)
        {
            n.Fail($"zero_points is {given.Type}, but must hold {rows} rows of {blocks} elements of {bits} bits.");
            return null;
        }

        return n.Constant("zero_points", zeroPoints);
    }
}
