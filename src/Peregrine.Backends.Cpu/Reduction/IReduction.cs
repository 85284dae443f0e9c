using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>How float32 elements become one. Elements are combined in single precision over short stretches, and stretches in double.</summary>
internal interface IReduction
{
    static abstract float Neutral { get; }

    /// <summary>Whether mapped elements may leave the range of single precision although the result does not.</summary>
    static virtual bool IsDelicate => false;

    static abstract Vector<float> Map(Vector<float> x);

    static abstract double Map(double x);

    static abstract Vector<float> Combine(Vector<float> left, Vector<float> right);

    static abstract double Combine(double left, double right);

    /// <summary>The result of <paramref name="count"/> combined elements.</summary>
    static virtual double Finish(double total, long count) => total;
}

internal readonly struct Summation : IReduction
{
    public static float Neutral => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x;

    public static double Map(double x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    public static double Combine(double left, double right) => left + right;
}

internal readonly struct Averaging : IReduction
{
    public static float Neutral => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x;

    public static double Map(double x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    public static double Combine(double left, double right) => left + right;

    public static double Finish(double total, long count) => total / count;
}

internal readonly struct AbsoluteSummation : IReduction
{
    public static float Neutral => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => Vector.Abs(x);

    public static double Map(double x) => Math.Abs(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    public static double Combine(double left, double right) => left + right;
}

internal readonly struct SquareSummation : IReduction
{
    public static float Neutral => 0;

    public static bool IsDelicate => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x * x;

    public static double Map(double x) => x * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    public static double Combine(double left, double right) => left + right;
}

internal readonly struct EuclideanNorm : IReduction
{
    public static float Neutral => 0;

    public static bool IsDelicate => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x * x;

    public static double Map(double x) => x * x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    public static double Combine(double left, double right) => left + right;

    public static double Finish(double total, long count) => Math.Sqrt(total);
}

internal readonly struct SumLogarithm : IReduction
{
    public static float Neutral => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x;

    public static double Map(double x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => left + right;

    public static double Combine(double left, double right) => left + right;

    public static double Finish(double total, long count) => Math.Log(total);
}

/// <summary>NaN wins, as in all of Peregrine.</summary>
internal readonly struct Maximum : IReduction
{
    public static float Neutral => float.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x;

    public static double Map(double x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => Vector.Max(left, right);

    public static double Combine(double left, double right) => Math.Max(left, right);
}

internal readonly struct Minimum : IReduction
{
    public static float Neutral => float.PositiveInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Map(Vector<float> x) => x;

    public static double Map(double x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Combine(Vector<float> left, Vector<float> right) => Vector.Min(left, right);

    public static double Combine(double left, double right) => Math.Min(left, right);
}
