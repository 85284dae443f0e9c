using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>What ConvInteger and QLinearConv share.</summary>
internal static class IntegerConvolution
{
    /// <summary>Checks a zero point (or scale): of the data's type where <paramref name="data"/> is one, a scalar or one element per channel.</summary>
    public static void CheckZeroPoint(InferenceScope c, int input, int data, Dim channels)
    {
        if (!c.Has(input))
        {
            return;
        }

        if (data >= 0 && c.ElementType(input) != c.ElementType(data))
        {
            c.Error("PG2218", $"input {input} is {c.TypeOf(input)}, but input {data} is {c.TypeOf(data)}; a zero point has its tensor's element type.");
        }
        else if (c.IsRanked(input) && !IsPerTensor(c.Shape(input)) && (c.Shape(input).Rank != 1 || Dim.ProvablyDifferent(c.Shape(input)[0], channels)))
        {
            c.Error("PG2218", $"input {input} has the shape {c.Shape(input)}, but must be a scalar or have {channels} elements.");
        }
    }

    private static bool IsPerTensor(Shape shape) => shape.All(d => d == Dim.One);

    /// <summary>The int32 convolution of (x − its zero point) with (w − its zero point).</summary>
    public static void Run(EvaluationScope c, WindowAttributes attributes, int group, int data, int dataZero, int weights, int weightsZero, ReadOnlySpan<int> bias, Span<int> y)
    {
        ReadOnlySpan<long> dimsX = c.Dims(data), dimsW = c.Dims(weights);
        Span<int> x = Shifted(c, data, dataZero), w = Shifted(c, weights, weightsZero);
        WindowKernel window = WindowKernel.Of(c, dimsX[2..], dimsW[2..], attributes, static (window, input, kernel) => window.Resolve(input, kernel));
        ConvolutionKernel.Convolve<int, int, int>(c, window, (int)dimsX[0], (int)dimsX[1], (int)dimsW[0], group, x, w, bias, y);
    }

    private static Span<int> Shifted(EvaluationScope c, int input, int zeroPoint)
    {
        Span<int> values = c.Scratch<int>(c.Input(input).Length);
        ElementConversion.Load(c.Input(input), values);
        if (!c.Has(zeroPoint) || values.IsEmpty)
        {
            return values;
        }

        ReadOnlySpan<int> zeros = c.Read<int>(zeroPoint);
        int perChannel = zeros.Length == 1 ? values.Length : values.Length / (int)c.Dims(input)[0];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] -= zeros[i / perChannel];
        }

        return values;
    }
}
