using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>How the elements under a window become one.</summary>
internal interface IPoolOperation<T> where T : unmanaged, INumber<T>
{
    /// <summary>What padding holds, and what a window without elements gives before it is finished.</summary>
    static abstract T Empty { get; }

    static abstract Vector<T> Combine(Vector<T> left, Vector<T> right);

    static abstract T Combine(T left, T right);

    /// <summary>The result of a window that combines to <paramref name="value"/>.</summary>
    /// <param name="count">Elements that a mean divides by; 0 for a window that has none.</param>
    static abstract Vector<T> Finish(Vector<T> value, int count);

    static abstract T Finish(T value, int count);
}

/// <summary>The largest element; NaN wins.</summary>
internal readonly struct LargestElement<T> : IPoolOperation<T> where T : unmanaged, INumber<T>, IMinMaxValue<T>
{
    public static T Empty => typeof(T) == typeof(float) ? T.CreateChecked(float.NegativeInfinity) : typeof(T) == typeof(double) ? T.CreateChecked(double.NegativeInfinity) : T.MinValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Combine(Vector<T> left, Vector<T> right) => Vector.Max(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Combine(T left, T right) => T.Max(left, right);

    public static Vector<T> Finish(Vector<T> value, int count) => value;

    public static T Finish(T value, int count) => value;
}

/// <summary>The mean; zero of no elements.</summary>
internal readonly struct MeanElement : IPoolOperation<float>
{
    public static float Empty => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float left, float right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Finish(Vector<float> value, int count) => count == 0 ? Vector<float>.Zero : value / new Vector<float>(count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Finish(float value, int count) => count == 0 ? 0 : value / count;
}
