using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The discrete Fourier transform along one axis of [..., 1] (real) or [..., 2] (complex) data, cropped or padded with zeros to dft_length. <see cref="OneSided"/> keeps
/// the ⌊n/2⌋ + 1 first frequencies of a real signal, or with <see cref="Inverse"/> makes a real signal of them.
/// </summary>
public sealed record DFT(bool Inverse = false, bool OneSided = false) : Operator
{
    public static readonly Schema<DFT> Schema = new Schema<DFT>("DFT", since: 20, a => new(a.Flag("inverse"), a.Flag("onesided")))
        .Inputs("input", "dft_length?", "axis?").Outputs("output")
        .Flag("inverse", o => o.Inverse, false)
        .Flag("onesided", o => o.OneSided, false)
        .Import(17, 19, s => s.WithInputs([s[0], s[1], s.Constant("axis", Tensor.Scalar(s.Attributes.Int("axis", 1)))], ("axis", null)));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0) || (c.Has(1) && !c.Require(1, DataType.Int32, DataType.Int64)) || (c.Has(2) && !c.Require(2, DataType.Int32, DataType.Int64)))
        {
            return;
        }

        if (!c.RequireScalar(1, out Dim? length, minimum: 1) || !c.RequireScalar(2, out Dim? axisValue, minimum: long.MinValue))
        {
            return;
        }

        Shape shape = c.Shape(0);
        if (!shape.IsRanked)
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        int rank = shape.Rank;
        if (rank < 2 || (shape[rank - 1] is { IsConstant: true, Constant: not (1 or 2) }))
        {
            c.Error("PG2562", $"the input {shape} must have at least 2 dimensions, the last of which is 1 (real) or 2 (complex).");
            return;
        }

        if (OneSided && !Inverse && shape[rank - 1].IsConstant && shape[rank - 1].Constant == 2)
        {
            c.Error("PG2563", $"onesided=1 needs a real signal, but the input {shape} is complex.");
            return;
        }

        Dim components = OneSided && Inverse ? 1 : 2;
        if (c.Has(2) && axisValue is not { IsConstant: true })
        {
            c.Set(0, c.ElementType(0), Shape.From(shape.SkipLast(1).Select(_ => c.FreshSymbol(null)).Append(components)));
            return;
        }

        int axis = c.Axis(axisValue?.Constant ?? -2, rank);
        if (axis == rank - 1)
        {
            c.Error("PG2564", $"axis {axisValue} is the last one of {shape}, which holds real and imaginary parts.");
            return;
        }

        Dim size = length ?? (c.Has(1) ? c.FreshSymbol(null) : OneSided && Inverse ? 2 * (shape[axis] - 1) : shape[axis]);
        if (size.IsConstant && size.Constant < 1)
        {
            c.Error("PG2565", $"the transform along axis {axis} of {shape} has length {size}; it must be at least 1.");
            return;
        }

        c.Set(0, c.ElementType(0), shape.With(axis, OneSided && !Inverse ? Dim.FloorDiv(size, 2) + 1 : size).With(rank - 1, components));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        int axis = c.Axis(c.Has(2) ? c.ReadScalar(2) : -2, dims.Length), components = (int)dims[^1];
        long given = c.Has(1) ? c.ReadScalar(1) : OneSided && Inverse ? 2 * (dims[axis] - 1) : dims[axis];
        int length = given is >= 1 and <= int.MaxValue ? (int)given : throw c.Fail("PG2565", $"the transform has length {given}; it must be at least 1.");
        if (c.State is not FourierTransform transform || !transform.Serves(length, Inverse))
        {
            c.State = transform = new(length, Inverse);
        }

        Tensor output = c.Output(0);
        AxisSplit source = AxisSplit.At(dims[..^1], axis), target = AxisSplit.At(output.Dims[..^1], axis);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(output);
        Span<Complex> line = c.Scratch<Complex>(length);
        int outputComponents = (int)output.Dims[^1];
        for (long outer = 0; outer < source.Outer; outer++)
        {
            for (long inner = 0; inner < source.Inner; inner++)
            {
                line.Clear();
                int start = source.Start(outer, inner);
                int count = (int)Math.Min(source.Extent, OneSided && Inverse ? (length / 2) + 1 : length);
                for (int i = 0; i < count; i++)
                {
                    int element = (start + (i * (int)source.Inner)) * components;
                    line[i] = new(x[element], components == 2 ? x[element + 1] : 0);
                }

                if (OneSided && Inverse)
                {
                    Mirror(line);
                }

                transform.Run(line);
                start = target.Start(outer, inner);
                for (int i = 0; i < target.Extent; i++)
                {
                    int element = (start + (i * (int)target.Inner)) * outputComponents;
                    y[element] = line[i].Real;
                    if (outputComponents == 2)
                    {
                        y[element + 1] = line[i].Imaginary;
                    }
                }
            }
        }
    }

    /// <summary>Completes the spectrum of a real signal from its first half. The frequencies that are their own mirror image are real.</summary>
    private static void Mirror(Span<Complex> spectrum)
    {
        int n = spectrum.Length;
        spectrum[0] = spectrum[0].Real;
        for (int k = 1; 2 * k <= n; k++)
        {
            spectrum[k] = 2 * k == n ? spectrum[k].Real : spectrum[k];
            spectrum[n - k] = Complex.Conjugate(spectrum[k]);
        }
    }
}
