using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The short-time Fourier transform: frames of frame_length samples, frame_step apart, weighted by the window, each transformed. The signal is [batch, length, 1 or 2],
/// the result [batch, frames, frequencies, 2]. <see cref="OneSided"/> keeps the ⌊n/2⌋ + 1 first frequencies and needs a real signal.
/// </summary>
public sealed record STFT(bool OneSided = true) : Operator
{
    public static readonly Schema<STFT> Schema = new Schema<STFT>("STFT", since: 17, a => new(a.Flag("onesided")))
        .Inputs("signal", "frame_step", "window?", "frame_length?").Outputs("output")
        .Flag("onesided", o => o.OneSided, true);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 2) || !c.Require(1, DataType.Int32, DataType.Int64) || (c.Has(3) && !c.Require(3, DataType.Int32, DataType.Int64)))
        {
            return;
        }

        if (!c.RequireScalar(1, out Dim? step, minimum: 1) || !c.RequireScalar(3, out Dim? length, minimum: 1))
        {
            return;
        }

        Shape signal = c.Shape(0), window = c.Has(2) ? c.Shape(2) : Shape.Unranked;
        if (signal.IsRanked && (signal.Rank != 3 || (signal[2].IsConstant && signal[2].Constant is not (1 or 2))))
        {
            c.Error("PG2566", $"the signal {signal} must be [batch,length,1] or [batch,length,2].");
            return;
        }

        if (OneSided && signal.IsRanked && signal[2].IsConstant && signal[2].Constant == 2)
        {
            c.Error("PG2563", $"onesided=1 needs a real signal, but {signal} is complex.");
            return;
        }

        if (window.IsRanked && window.Rank != 1)
        {
            c.Error("PG2567", $"the window {window} must be a vector.");
            return;
        }

        length ??= c.Has(3) ? null : window.IsRanked ? window[0] : c.Has(2) || !signal.IsRanked ? null : signal[1];
        if (length is { IsConstant: true } known && (known.Constant < 1 || (window.IsRanked && window[0].IsConstant && window[0].Constant > known.Constant)))
        {
            c.Error("PG2568", $"frame_length is {known}; it must be at least 1 and at least the length of the window {window}.");
            return;
        }

        Dim frames = step is { } s && length is { } l && signal.IsRanked ? Dim.Max(Dim.Zero, Dim.FloorDiv(signal[1] - l, s) + 1) : c.FreshSymbol(signal.IsRanked ? signal[1] : null);
        Dim frequencies = length is { } n ? OneSided ? Dim.FloorDiv(n, 2) + 1 : n : c.FreshSymbol(null);
        c.Set(0, c.ElementType(0), [signal.IsRanked ? signal[0] : c.FreshSymbol(null), frames, frequencies, 2]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        long step = c.ReadScalar(1), given = c.Has(3) ? c.ReadScalar(3) : c.Has(2) ? c.Dims(2)[0] : dims[1];
        ReadOnlySpan<double> x = c.Read<double>(0), window = c.Has(2) ? c.Read<double>(2) : [];
        if (step < 1 || given is < 1 or > int.MaxValue || window.Length > given)
        {
            throw c.Fail("PG2568", $"frame_step is {step} and frame_length {given}; both must be at least 1, and frame_length at least the {window.Length} elements of the window.");
        }

        int length = (int)given, components = (int)dims[2];
        if (c.State is not FourierTransform transform || !transform.Serves(length, false))
        {
            c.State = transform = new(length, false);
        }

        Tensor output = c.Output(0);
        Span<double> y = c.Write<double>(output);
        Span<Complex> frame = c.Scratch<Complex>(length);
        (long frames, long frequencies) = (output.Dims[1], output.Dims[2]);
        int used = c.Has(2) ? window.Length : length, target = 0;
        for (long batch = 0; batch < dims[0]; batch++)
        {
            for (long index = 0; index < frames; index++)
            {
                frame.Clear();
                for (int i = 0; i < used; i++)
                {
                    int element = (int)((batch * dims[1]) + (index * step) + i) * components;
                    frame[i] = new Complex(x[element], components == 2 ? x[element + 1] : 0) * (c.Has(2) ? window[i] : 1);
                }

                transform.Run(frame);
                for (int k = 0; k < frequencies; k++)
                {
                    y[target++] = frame[k].Real;
                    y[target++] = frame[k].Imaginary;
                }
            }
        }
    }
}
