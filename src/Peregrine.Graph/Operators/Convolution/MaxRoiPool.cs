using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Max pooling of regions [batch index, x1, y1, x2, y2] into a fixed grid (R. Girshick, "Fast R-CNN", 2015): borders round to whole elements, an empty cell is 0.</summary>
public sealed record MaxRoiPool(Ints PooledShape = default, float SpatialScale = 1) : Operator
{
    public static readonly Schema<MaxRoiPool> Schema = new Schema<MaxRoiPool>("MaxRoiPool", since: 1, a => new(a.Ints("pooled_shape"), a.Float("spatial_scale")))
        .Inputs("X", "rois").Outputs("Y")
        .Ints("pooled_shape", o => o.PooledShape).Float("spatial_scale", o => o.SpatialScale, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type))
        {
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
        }
        else if (c.Shape(0).Rank != 4 || c.Shape(1).Rank != 2 || Dim.ProvablyDifferent(c.Shape(1)[1], 5) || PooledShape.Count != 2 || PooledShape.Any(p => p < 1))
        {
            c.Error("PG2221", $"X {c.Shape(0)} must have rank 4, rois {c.Shape(1)} the shape [regions,5], and pooled_shape {PooledShape} two positive numbers.");
        }
        else
        {
            c.Set(0, type, [c.Shape(1)[0], c.Shape(0)[1], PooledShape[0], PooledShape[1]]);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> x = c.Read<double>(0), rois = c.Read<double>(1);
        ReadOnlySpan<long> dims = c.Dims(0);
        Span<double> y = c.Write<double>(0);
        int channels = (int)dims[1], height = (int)dims[2], width = (int)dims[3], rows = (int)PooledShape[0], columns = (int)PooledShape[1], at = 0;
        for (int roi = 0; roi < rois.Length / 5; roi++)
        {
            ReadOnlySpan<double> r = rois.Slice(roi * 5, 5);
            if (!(r[0] >= 0 && r[0] < dims[0]))
            {
                throw c.Fail("PG2222", $"region {roi} belongs to image {r[0]}, but there are {dims[0]}.");
            }

            (double left, double right) = Border(r[1], r[3], columns);
            (double top, double bottom) = Border(r[2], r[4], rows);
            for (int channel = 0; channel < channels; channel++)
            {
                ReadOnlySpan<double> plane = x.Slice((((int)r[0] * channels) + channel) * height * width, height * width);
                for (int row = 0; row < rows; row++)
                {
                    (int y1, int y2) = Cell(top, bottom, row, height);
                    for (int column = 0; column < columns; column++)
                    {
                        (int x1, int x2) = Cell(left, right, column, width);
                        y[at++] = Largest(plane, width, y1, y2, x1, x2);
                    }
                }
            }
        }
    }

    /// <summary>The rounded start of a region and the extent of one cell.</summary>
    private (double Start, double Extent) Border(double from, double to, int cells)
    {
        double start = Math.Round(from * SpatialScale, MidpointRounding.AwayFromZero), end = Math.Round(to * SpatialScale, MidpointRounding.AwayFromZero);
        return (start, Math.Max(end - start + 1, 1) / cells);
    }

    private static (int From, int To) Cell(double start, double extent, int cell, int limit) =>
        ((int)Math.Clamp(Math.Floor(cell * extent) + start, 0, limit), (int)Math.Clamp(Math.Ceiling((cell + 1) * extent) + start, 0, limit));

    private static double Largest(ReadOnlySpan<double> plane, int width, int y1, int y2, int x1, int x2)
    {
        if (y1 >= y2 || x1 >= x2)
        {
            return 0;
        }

        double largest = double.NegativeInfinity;
        for (int y = y1; y < y2; y++)
        {
            foreach (double value in plane[((y * width) + x1)..((y * width) + x2)])
            {
                largest = Math.Max(largest, value);
            }
        }

        return largest;
    }
}
