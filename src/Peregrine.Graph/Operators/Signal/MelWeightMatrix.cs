using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The matrix [⌊dft_length/2⌋ + 1, num_mel_bins] that turns a spectrum into mel bands: triangles with peak 1, evenly spaced on the mel scale
/// mel(f) = 2595·log₁₀(1 + f/700) between the two edges.
/// </summary>
public sealed record MelWeightMatrix(DataType OutputType = DataType.Float32) : Operator
{
    public static readonly Schema<MelWeightMatrix> Schema = new Schema<MelWeightMatrix>("MelWeightMatrix", since: 17, a => new(a.DataType("output_datatype")))
        .Inputs("num_mel_bins", "dft_length", "sample_rate", "lower_edge_hertz", "upper_edge_hertz").Outputs("output")
        .DataType("output_datatype", o => o.OutputType, DataType.Float32);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        for (int input = 0; input < 3; input++)
        {
            if (!c.Require(input, DataType.Int32, DataType.Int64))
            {
                return;
            }
        }

        if (!c.RequireReal(3, 4))
        {
            return;
        }

        if (!OutputType.IsFloat() && !OutputType.IsInteger())
        {
            c.Error("PG2560", $"output_datatype is {(long)OutputType}, but must be numeric.");
            return;
        }

        if (c.RequireScalar(0, out Dim? bands) && c.RequireScalar(1, out Dim? length, minimum: 1) && c.RequireScalar(2, out _, minimum: 1)
            && c.RequireScalar(3, out _, minimum: long.MinValue) && c.RequireScalar(4, out _, minimum: long.MinValue))
        {
            c.Set(0, OutputType, [length is { } n ? Dim.FloorDiv(n, 2) + 1 : c.FreshSymbol(null), bands ?? c.FreshSymbol(null)]);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor output = c.Output(0);
        (long bins, long bands) = (output.Dims[0], output.Dims[1]);
        double length = c.ReadScalar(1), rate = c.ReadScalar(2);
        double lowest = Mel(c.Read<double>(3)[0]), highest = Mel(c.Read<double>(4)[0]), step = (highest - lowest) / (bands + 2);
        Span<double> weights = c.Write<double>(output);
        weights.Clear();
        for (long band = 0; band < bands; band++)
        {
            (long left, long center, long right) = (Bin(band), Bin(band + 1), Bin(band + 2));
            if (left < 0 || left > center || center > right || center >= bins || right > bins)
            {
                throw c.Fail("PG2569", $"band {band} lies between the frequency bins {left} and {right}, but there are {bins} bins.");
            }

            for (long bin = left; bin <= center; bin++)
            {
                weights[(int)((bin * bands) + band)] = center == left ? 1 : (bin - left) / (double)(center - left);
            }

            for (long bin = center; bin < right; bin++)
            {
                weights[(int)((bin * bands) + band)] = (right - bin) / (double)(right - center);
            }
        }

        static double Mel(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));

        long Bin(long edge)
        {
            double hertz = 700 * (Math.Pow(10, ((edge * step) + lowest) / 2595) - 1);
            double bin = Math.Floor((length + 1) * hertz / rate);
            return Math.Abs(bin) < long.MaxValue / 4 ? (long)bin : -1;
        }
    }
}
