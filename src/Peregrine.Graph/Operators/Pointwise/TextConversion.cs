using System.Globalization;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The part of <see cref="Cast"/> that reads or writes strings.</summary>
internal static class TextConversion
{
    public static void Convert(EvaluationScope c, Cast cast)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        if (source.Type == target.Type)
        {
            c.CopyElements(0, 0);
            return;
        }

        Span<long> block = stackalloc long[PointwiseBlocks.Length];
        for (long start = 0; start < source.Length; start += block.Length)
        {
            Span<long> part = block[..(int)Math.Min(block.Length, source.Length - start)];
            if (target.Type == DataType.String)
            {
                ConversionBlocks.Load(source.Type, source.Data.Span, start, part);
                Print(source.Type, part, target.Strings.AsSpan((int)start));
            }
            else
            {
                Parse(c, cast, source.Strings.AsSpan((int)start, part.Length), part);
                ConversionBlocks.Store(target.Type, part, target.Data.Span, start);
            }
        }
    }

    private static void Print(DataType type, Span<long> values, Span<string> texts)
    {
        ReadOnlySpan<double> doubles = PointwiseBlocks.Doubles(values);
        for (int i = 0; i < values.Length; i++)
        {
            texts[i] = type switch
            {
                DataType.UInt64 => ((ulong)values[i]).ToString(CultureInfo.InvariantCulture),
                _ when !type.IsFloat() => values[i].ToString(CultureInfo.InvariantCulture),
                _ when double.IsNaN(doubles[i]) => "NaN",
                _ when double.IsInfinity(doubles[i]) => doubles[i] > 0 ? "INF" : "-INF",
                DataType.Float64 => doubles[i].ToString("R", CultureInfo.InvariantCulture),
                DataType.Float16 => ((Half)doubles[i]).ToString(CultureInfo.InvariantCulture),
                _ => ((float)doubles[i]).ToString("R", CultureInfo.InvariantCulture),
            };
        }
    }

    private static void Parse(EvaluationScope c, Cast cast, ReadOnlySpan<string> texts, Span<long> values)
    {
        for (int i = 0; i < texts.Length; i++)
        {
            // One element at a time, for each text may be of another kind: integers are read exactly, all else as a float.
            Span<long> value = values.Slice(i, 1);
            string text = texts[i].Trim();
            DataType from = DataType.Float64;
            if (!cast.To.IsFloat() && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
            {
                (value[0], from) = (integer, DataType.Int64);
            }
            else if (!cast.To.IsFloat() && ulong.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ulong unsigned))
            {
                (value[0], from) = (unchecked((long)unsigned), DataType.UInt64);
            }
            else if (Special(text) is { } special)
            {
                value[0] = BitConverter.DoubleToInt64Bits(special);
            }
            else if (cast.To == DataType.Float32 && float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float single))
            {
                value[0] = BitConverter.DoubleToInt64Bits(single);
            }
            else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            {
                value[0] = BitConverter.DoubleToInt64Bits(number);
            }
            else
            {
                throw c.Fail("PG2306", $"the string {AttributeBag.Quote(texts[i].Length > 40 ? texts[i][..40] + "…" : texts[i])} is no number, so it cannot be cast to {cast.To.Name()}.");
            }

            ConversionBlocks.Convert(new(PointwiseStep.Convert, from, cast.To) { Saturate = cast.Saturate, Rounding = cast.RoundMode }, value, value);
        }
    }

    private static double? Special(string text) => text.ToUpperInvariant() switch
    {
        "INF" or "+INF" => double.PositiveInfinity,
        "-INF" => double.NegativeInfinity,
        "NAN" => double.NaN,
        _ => null,
    };
}
