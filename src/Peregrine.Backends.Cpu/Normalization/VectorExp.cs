using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>
/// e^x in single precision for x up to 88, within two units in the last place; 0 below the logarithm of the smallest normal number. The argument is reduced by Cody and Waite's two-part ln 2,
/// and the rest is Taylor's polynomial of degree 7 on [−ln 2 / 2, ln 2 / 2].
/// </summary>
internal static class VectorExp
{
    private const float Lowest = -87.33654f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Of(Vector<float> x)
    {
        // What is below the lowest argument makes nonsense here and is replaced at the end; NaN stays NaN throughout.
        Vector<float> whole = Vector.Floor(Vector.FusedMultiplyAdd(x, new Vector<float>(1.44269504f), new Vector<float>(0.5f)));
        Vector<float> rest = Vector.FusedMultiplyAdd(whole, new Vector<float>(2.12194440e-4f), Vector.FusedMultiplyAdd(whole, new Vector<float>(-0.693359375f), x));
        Vector<float> p = Vector.FusedMultiplyAdd(rest, new Vector<float>(1f / 5040), new Vector<float>(1f / 720));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(1f / 120));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(1f / 24));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(1f / 6));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(0.5f));
        p = Vector.FusedMultiplyAdd(p * rest, rest, rest) + Vector<float>.One;
        Vector<int> exponent = Vector.ConvertToInt32Native(whole) + new Vector<int>(127);
        Vector<float> power = p * Vector.AsVectorSingle(Vector.ShiftLeft(exponent, 23));
        return Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(Lowest)), Vector<float>.Zero, power);
    }
}
