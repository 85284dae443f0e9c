namespace Peregrine.OnnxRuntimePeer;

/// <summary>
/// ONNX Runtime numbers the element types as ONNX does, except for the three newest: it has uint2, int2, float8e8m0 at 24, 25, 26 where ONNX has
/// float8e8m0, uint2, int2.
/// </summary>
internal static class ElementTypes
{
    // Bits of one element by ONNX's number; 0 where there is no such type or (8) no fixed size.
    private static ReadOnlySpan<byte> Bits => [0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4, 8, 2, 2];

    public static int ToOnnx(int runtimeType) => runtimeType switch { 24 => 25, 25 => 26, 26 => 24, _ => runtimeType };

    public static int FromOnnx(int onnxType) => onnxType switch { 24 => 26, 25 => 24, 26 => 25, _ => onnxType };

    /// <summary>Bytes that so many elements take, packed; <see cref="NotSupportedException"/> for a type of no known size.</summary>
    public static long ByteCount(int onnxType, ReadOnlySpan<long> dims)
    {
        int bits = (uint)onnxType < (uint)Bits.Length ? Bits[onnxType] : 0;
        if (bits == 0)
        {
            throw new NotSupportedException($"A tensor of element type {onnxType} cannot be carried.");
        }

        long count = 1;
        foreach (long dim in dims)
        {
            count = checked(count * dim);
        }

        return checked(((count * bits) + 7) / 8);
    }
}
