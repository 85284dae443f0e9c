using System.Diagnostics;

namespace Peregrine.Cli.Demonstration;

/// <summary>Classifies all images in batches.</summary>
/// <param name="Recognised">Per image the digit with the highest probability.</param>
/// <param name="MedianMilliseconds">Median time of one batch.</param>
internal sealed record Classification(IReadOnlyList<int> Recognised, double MedianMilliseconds);

internal static class DigitClassifier
{
    private const int Classes = 10;

    public static Classification Classify(Engine engine, DigitsData data, int batch, CancellationToken cancellation)
    {
        const int PixelsPerImage = DigitsData.Side * DigitsData.Side;
        using InferenceContext context = engine.CreateContext();
        string input = engine.Inputs[0].Name, output = engine.Outputs[0].Name;
        List<int> recognised = [];
        List<double> times = [];
        for (int first = 0; first < data.Count; first += batch)
        {
            int count = Math.Min(batch, data.Count - first);
            long start = Stopwatch.GetTimestamp();
            context.Input<float>(input, [count, 1, DigitsData.Side, DigitsData.Side]).CopyFrom(data.Pixels.AsSpan(first * PixelsPerImage, count * PixelsPerImage));
            context.Run(cancellation);
            ReadOnlySpan<float> probabilities = context.Output<float>(output);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            for (int i = 0; i < count; i++)
            {
                recognised.Add(IndexOfLargest(probabilities.Slice(i * Classes, Classes)));
            }
        }

        times.Sort();
        return new(recognised, times[times.Count / 2]);
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
