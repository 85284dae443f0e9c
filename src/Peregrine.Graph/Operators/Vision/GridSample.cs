using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What lies outside of a sampled image.</summary>
public enum GridPadding
{
    Zeros,
    Border,
    Reflection,
}

/// <summary>Samples X [N, C, D1, …, Dr] at the places of grid [N, o1, …, or, r], whose coordinates (innermost dimension first) run from -1 to 1 across the image.</summary>
public sealed record GridSample(bool AlignCorners = false, ResizeMode Mode = ResizeMode.Linear, GridPadding Padding = GridPadding.Zeros) : Operator
{
    private const int MaxSpatialRank = 8;

    public static readonly Schema<GridSample> Schema = new Schema<GridSample>("GridSample", since: 20, a => new(a.Flag("align_corners"), a.Choice<ResizeMode>("mode"), a.Choice<GridPadding>("padding_mode")))
        .Inputs("X", "grid").Outputs("Y")
        .Flag("align_corners", o => o.AlignCorners, false)
        .Choice("mode", o => o.Mode, ResizeMode.Linear, ("linear", ResizeMode.Linear), ("nearest", ResizeMode.Nearest), ("cubic", ResizeMode.Cubic))
        .Choice("padding_mode", o => o.Padding, GridPadding.Zeros, ("zeros", GridPadding.Zeros), ("border", GridPadding.Border), ("reflection", GridPadding.Reflection))
        .Import(16, 19, s => s.Default(("mode", s.Attributes.Text("mode", "bilinear") switch { "bilinear" => "linear", "bicubic" => "cubic", var other => other })));

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!type.IsFloat() && !type.IsInteger())
        {
            c.Error("PG2314", $"input 0 is {c.TypeOf(0)}, which cannot be interpolated.");
            return;
        }

        if (!c.Require(1, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16))
        {
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0), grid = c.Shape(1);
        if (x.Rank < 3 || x.Rank > MaxSpatialRank + 2 || grid.Rank != x.Rank || Dim.ProvablyDifferent(grid[grid.Rank - 1], x.Rank - 2) || Dim.ProvablyDifferent(x[0], grid[0]))
        {
            c.Error("PG2314", $"X {x} must be [N,C,spatial…] and grid {grid} [N,spatial…,{x.Rank - 2}].");
            return;
        }

        c.Set(0, type, Symbolics.Shape.From([x[0], x[1], .. grid.Skip(1).SkipLast(1)]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> x = c.Read<double>(0), grid = c.Read<double>(1);
        ReadOnlySpan<long> dims = c.Dims(0);
        Span<double> y = c.Write<double>(0);
        int rank = dims.Length - 2, batch = (int)dims[0], channels = (int)dims[1], volume = (int)Tensor.CountElements(dims[2..]);
        if (y.IsEmpty)
        {
            return;
        }

        int taps = Mode switch { ResizeMode.Nearest => 1, ResizeMode.Linear => 2, _ => 4 }, points = y.Length / (batch * channels), combinations = (int)Math.Pow(taps, rank);
        Span<int> index = stackalloc int[4 * MaxSpatialRank];
        Span<double> weight = stackalloc double[4 * MaxSpatialRank];
        for (int item = 0; item < batch * points; item++)
        {
            (int image, int point) = Math.DivRem(item, points);
            for (int axis = 0; axis < rank; axis++)
            {
                Locate(grid[(item * rank) + rank - 1 - axis], (int)dims[axis + 2], index.Slice(axis * 4, taps), weight.Slice(axis * 4, taps));
            }

            for (int channel = 0; channel < channels; channel++)
            {
                ReadOnlySpan<double> plane = x.Slice(((image * channels) + channel) * volume, volume);
                double sum = 0;
                for (int combination = 0; combination < combinations; combination++)
                {
                    double product = 1;
                    long flat = 0;
                    for (int axis = 0, rest = combination; axis < rank && flat >= 0; axis++, rest /= taps)
                    {
                        int at = (axis * 4) + (rest % taps);
                        product *= weight[at];
                        flat = index[at] < 0 ? -1 : (flat * dims[axis + 2]) + index[at];
                    }

                    sum += flat < 0 ? 0 : product * plane[(int)flat];
                }

                y[(((image * channels) + channel) * points) + point] = sum;
            }
        }
    }

    /// <summary>Neighbours (-1 for none) and weights along one axis of <paramref name="extent"/> elements for a grid coordinate.</summary>
    private void Locate(double coordinate, int extent, Span<int> index, Span<double> weight)
    {
        if (extent == 0)
        {
            index.Fill(-1);
            return;
        }

        double low = AlignCorners ? 0 : -0.5, high = extent - 1 - low;
        double position = AlignCorners ? (coordinate + 1) / 2 * (extent - 1) : (((coordinate + 1) * extent) - 1) / 2;
        position = double.IsFinite(position) ? position : -1e9;
        if (Mode == ResizeMode.Nearest)
        {
            position = Math.Round(position, MidpointRounding.ToEven);
        }

        if (position < low || position > high)
        {
            position = Padding switch
            {
                GridPadding.Border => Math.Clamp(position, 0, extent - 1),
                GridPadding.Reflection => Reflect(position, low, high),
                _ => position,
            };
        }

        position = Math.Clamp(position, -1e9, 1e9);
        double floor = Math.Floor(position), ratio = position - floor;
        int first = (int)floor;
        switch (Mode)
        {
            case ResizeMode.Nearest:
                weight[0] = 1;
                break;
            case ResizeMode.Linear:
                weight[0] = 1 - ratio;
                weight[1] = ratio;
                break;
            default:
                first--;
                for (int tap = 0; tap < 4; tap++)
                {
                    weight[tap] = Cubic(Math.Abs(tap - 1 - ratio));
                }

                break;
        }

        for (int tap = 0; tap < index.Length; tap++)
        {
            int at = first + tap;
            index[tap] = at >= 0 && at < extent ? at : Padding switch
            {
                GridPadding.Border => Math.Clamp(at, 0, extent - 1),
                GridPadding.Reflection => (int)Math.Clamp(Reflect(at, low, high), 0, extent - 1),
                _ => -1,
            };
        }
    }

    /// <summary>Keys' kernel with a = -0.75.</summary>
    private static double Cubic(double x) => x <= 1 ? (((1.25 * x) - 2.25) * x * x) + 1 : x < 2 ? -0.75 * (((((x - 5) * x) + 8) * x) - 4) : 0;

    private static double Reflect(double x, double low, double high)
    {
        double range = high - low;
        if (range <= 0)
        {
            return low;
        }

        double distance = x < low ? low - x : x - high;
        if (distance <= 0)
        {
            return x;
        }

        double turns = Math.Floor(distance / range), rest = distance - (turns * range);
        bool fromNear = turns % 2 == 0;
        return x < low == fromNear ? low + rest : high - rest;
    }
}
