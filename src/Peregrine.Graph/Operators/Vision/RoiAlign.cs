using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>How RoiAlign joins the samples of a cell.</summary>
public enum RoiReduction
{
    Average,
    Max,
}

/// <summary>Pools regions [x1, y1, x2, y2] of images into a fixed grid from bilinear samples (K. He et al., "Mask R-CNN", 2017). With <see cref="HalfPixel"/> coordinates shift by half an element.</summary>
public sealed record RoiAlign(bool HalfPixel = true, RoiReduction Mode = RoiReduction.Average, long OutputHeight = 1, long OutputWidth = 1, long SamplingRatio = 0, float SpatialScale = 1) : Operator
{
    // Samples per cell and axis; a region that needs more is no region of an image that fits into memory.
    private const int MaxSamples = 1 << 15;

    public static readonly Schema<RoiAlign> Schema = new Schema<RoiAlign>(
            "RoiAlign", since: 16,
            a => new(a.Text("coordinate_transformation_mode") == "half_pixel", a.Choice<RoiReduction>("mode"), a.Int("output_height"), a.Int("output_width"), a.Int("sampling_ratio"), a.Float("spatial_scale")))
        .Inputs("X", "rois", "batch_indices").Outputs("Y")
        .Text("coordinate_transformation_mode", o => o.HalfPixel ? "half_pixel" : "output_half_pixel", "half_pixel")
        .Choice("mode", o => o.Mode, RoiReduction.Average, ("avg", RoiReduction.Average), ("max", RoiReduction.Max))
        .Int("output_height", o => o.OutputHeight, 1).Int("output_width", o => o.OutputWidth, 1).Int("sampling_ratio", o => o.SamplingRatio, 0).Float("spatial_scale", o => o.SpatialScale, 1)
        .Import(10, 15, s => s.Default(("coordinate_transformation_mode", "output_half_pixel")));

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || !c.Require(2, DataType.Int64))
        {
            return;
        }

        if (OutputHeight < 1 || OutputWidth < 1 || SamplingRatio < 0 || SamplingRatio > MaxSamples)
        {
            c.Error("PG2315", $"output_height {OutputHeight} and output_width {OutputWidth} must be positive and sampling_ratio {SamplingRatio} in [0, {MaxSamples}].");
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1) || !c.IsRanked(2))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0), rois = c.Shape(1), images = c.Shape(2);
        if (x.Rank != 4 || rois.Rank != 2 || Dim.ProvablyDifferent(rois[1], 4) || images.Rank != 1 || Dim.ProvablyDifferent(images[0], rois[0]))
        {
            c.Error("PG2315", $"X {x} must have rank 4, rois {rois} the shape [regions,4] and batch_indices {images} one element per region.");
            return;
        }

        c.Set(0, type, [rois[0], x[1], OutputHeight, OutputWidth]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> x = c.Read<double>(0), rois = c.Read<double>(1);
        ReadOnlySpan<long> images = c.Read<long>(2), dims = c.Dims(0);
        Span<double> y = c.Write<double>(0);
        int channels = (int)dims[1], height = (int)dims[2], width = (int)dims[3], rows = (int)OutputHeight, columns = (int)OutputWidth, at = 0;
        double offset = HalfPixel ? 0.5 : 0;
        for (int roi = 0; roi < images.Length; roi++)
        {
            if (images[roi] < 0 || images[roi] >= dims[0])
            {
                throw c.Fail("PG2316", $"batch_indices[{roi}] is {images[roi]}, but there are {dims[0]} images.");
            }

            double left = (rois[roi * 4] * SpatialScale) - offset, top = (rois[(roi * 4) + 1] * SpatialScale) - offset;
            (double cellWidth, int samplesX) = Cell(c, (rois[(roi * 4) + 2] * SpatialScale) - offset - left, columns);
            (double cellHeight, int samplesY) = Cell(c, (rois[(roi * 4) + 3] * SpatialScale) - offset - top, rows);
            for (int channel = 0; channel < channels; channel++)
            {
                ReadOnlySpan<double> plane = x.Slice((((int)images[roi] * channels) + channel) * height * width, height * width);
                for (int cell = 0; cell < rows * columns; cell++)
                {
                    double startY = top + (cell / columns * cellHeight), startX = left + (cell % columns * cellWidth), sum = 0, largest = double.NegativeInfinity;
                    for (int sample = 0; sample < samplesY * samplesX; sample++)
                    {
                        double sampleY = startY + (((sample / samplesX) + 0.5) * cellHeight / samplesY), sampleX = startX + (((sample % samplesX) + 0.5) * cellWidth / samplesX);
                        (double total, double peak) = Sample(plane, height, width, sampleY, sampleX);
                        sum += total;
                        largest = Math.Max(largest, peak);
                    }

                    y[at++] = Mode == RoiReduction.Max ? (samplesX * samplesY == 0 ? 0 : largest) : sum / Math.Max(samplesX * samplesY, 1);
                }
            }
        }
    }

    /// <summary>One cell's extent and its samples along an axis.</summary>
    private (double Extent, int Samples) Cell(EvaluationScope c, double region, int cells)
    {
        double extent = (HalfPixel ? region : Math.Max(region, 1)) / cells, samples = SamplingRatio > 0 ? SamplingRatio : Math.Ceiling(extent);
        return double.IsFinite(extent) && samples <= MaxSamples ? (extent, (int)Math.Max(samples, 0)) : throw c.Fail("PG2316", $"a region has the extent {region}.");
    }

    /// <summary>The bilinear value, and the largest of its four weighed corners, by which ONNX defines the mode max.</summary>
    private static (double Total, double Peak) Sample(ReadOnlySpan<double> plane, int height, int width, double y, double x)
    {
        if (!(y >= -1 && y <= height && x >= -1 && x <= width) || plane.IsEmpty)
        {
            return (0, 0);
        }

        (int y0, int y1, double dy) = Neighbours(y, height);
        (int x0, int x1, double dx) = Neighbours(x, width);
        double a = (1 - dy) * (1 - dx) * plane[(y0 * width) + x0], b = (1 - dy) * dx * plane[(y0 * width) + x1];
        double d = dy * (1 - dx) * plane[(y1 * width) + x0], e = dy * dx * plane[(y1 * width) + x1];
        return (a + b + d + e, Math.Max(Math.Max(a, b), Math.Max(d, e)));
    }

    private static (int Low, int High, double Ratio) Neighbours(double position, int extent)
    {
        position = Math.Max(position, 0);
        int low = (int)position;
        return low >= extent - 1 ? (extent - 1, extent - 1, 0) : (low, low + 1, position - low);
    }
}
