using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Compiler.Fusions;

/// <summary>Constants that broadcast over everything but the channels.</summary>
internal static class ChannelConstant
{
    /// <summary>Whether a constant operand of a result of this rank varies along <paramref name="axis"/> at most, where it has one or <paramref name="channels"/> elements.</summary>
    public static bool Varies(Value constant, int rank, int axis, long channels)
    {
        ReadOnlySpan<long> dims = constant.Constant!.Data.Dims;
        int skipped = rank - dims.Length;
        for (int i = 0; i < dims.Length; i++)
        {
            if (dims[i] != 1 && (i + skipped != axis || dims[i] != channels))
            {
                return false;
            }
        }

        return skipped >= 0;
    }

    /// <summary>The constant as a vector of one element per channel.</summary>
    public static Value ToVector(GraphBuilder g, Value constant, long channels) =>
        constant.Constant!.Data.Length == channels
            ? ConstantArithmetic.Reshape(g, constant, channels)
            : ConstantArithmetic.Compute(g, new Expand(), ConstantArithmetic.Reshape(g, constant, 1), g.Constant("peregrine.shape", channels));
}
