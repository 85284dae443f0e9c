using System.Numerics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The ends of an element type's range, in the type in which kernels compute; ±infinity for floats.</summary>
internal static class NumberLimits
{
    public static T Lowest<T>(DataType type) where T : INumber<T> =>
        type.IsFloat() ? T.CreateTruncating(double.NegativeInfinity) : type.IsSignedInteger() ? T.CreateTruncating(-1L << (type.Bits() - 1)) : T.Zero;

    public static T Highest<T>(DataType type) where T : INumber<T> =>
        type.IsFloat() ? T.CreateTruncating(double.PositiveInfinity)
        : type == DataType.Bool ? T.One
        : type.IsSignedInteger() ? T.CreateTruncating(long.MaxValue >> (64 - type.Bits()))
        : T.CreateTruncating(ulong.MaxValue >> (64 - type.Bits()));
}
