using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Vision;

public sealed class VisionTests
{
    private static readonly Tensor Ramp = Evaluated.Floats([1, 1, 2, 2], 1, 2, 3, 4);

    [Fact]
    public void Resize_repeats_the_nearest_element()
    {
        Tensor y = Evaluated.One(new Resize(), Ramp, null, Tensor.Vector(1f, 1, 2, 3));
        Assert.Equal([1f, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4], y.Span<float>().ToArray());
        Tensor texts = Evaluated.One(new Resize(), new Tensor([2], ["a", "b"]), null, Tensor.Vector(2f));
        Assert.Equal(["a", "a", "b", "b"], texts.Strings);
    }

    [Fact]
    public void Resize_interpolates_as_the_standard_shows()
    {
        // onnx/docs/Operators.md, Resize, resize_upsample_scales_linear and _align_corners.
        Evaluated.Near(
            [1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4],
            Evaluated.One(new Resize(Mode: ResizeMode.Linear), Ramp, null, Tensor.Vector(1f, 1, 2, 2)));
        Evaluated.Near(
            [1, 4 / 3.0, 5 / 3.0, 2, 5 / 3.0, 2, 7 / 3.0, 8 / 3.0, 7 / 3.0, 8 / 3.0, 3, 10 / 3.0, 3, 10 / 3.0, 11 / 3.0, 4],
            Evaluated.One(new Resize(Mode: ResizeMode.Linear, CoordinateMode: CoordinateTransformation.AlignCorners), Ramp, null, null, Tensor.Vector(1L, 1, 4, 4)));
    }

    [Fact]
    public void Resize_of_a_constant_image_is_constant_whatever_the_mode()
    {
        Tensor x = Evaluated.Floats([5, 7], [.. Enumerable.Repeat(3f, 35)]);
        foreach (ResizeMode mode in Enum.GetValues<ResizeMode>())
        {
            foreach (CoordinateTransformation transformation in Enum.GetValues<CoordinateTransformation>().Where(t => t != CoordinateTransformation.TfCropAndResize))
            {
                foreach (bool antialias in new[] { false, true })
                {
                    Tensor y = Evaluated.One(new Resize(Antialias: antialias, Mode: mode, CoordinateMode: transformation), x, null, null, Tensor.Vector(3L, 11));
                    Evaluated.Near([.. Enumerable.Repeat(3.0, 33)], y);
                }
            }
        }
    }

    [Fact]
    public void Resize_infers_symbolic_extents()
    {
        GraphBuilder g = new("test");
        Value x = g.Input("x", DataType.Float32, "N", 3, "H", "W");
        Value y = g.Call(new Resize(), x, null, g.Constant("scales", Tensor.Vector(1f, 1, 2, 0.5f)));
        Assert.Equal([Dim.Symbol("N"), 3, Dim.Symbol("H") * 2, Dim.FloorDiv(Dim.Symbol("W"), 2)], y.Tensor!.Shape);
    }

    [Fact]
    public void Resize_refuses_what_it_cannot_do()
    {
        Evaluated.Fails("PG2301", new Resize(), Ramp);
        Evaluated.Fails("PG2303", new Resize(), Ramp, null, Tensor.Vector(2f, 2));
        Evaluated.Fails("PG2304", new Resize(), Ramp, null, Tensor.Vector(1f, 1, -2, 2));
        Evaluated.Fails("PG2302", new Resize(Axes: [2, 2]), Ramp, null, Tensor.Vector(2f, 2));
    }

    [Fact]
    public void Space_and_depth_are_inverse()
    {
        Tensor x = Evaluated.Random(new Random(4), 2, 3, 4, 6);
        Tensor deep = Evaluated.One(new SpaceToDepth(2), x);
        Assert.Equal([2, 12, 2, 3], deep.Dims.ToArray());
        Assert.Equal(x.Span<float>().ToArray(), Evaluated.One(new DepthToSpace(2), deep).Span<float>().ToArray());
        Evaluated.Fails("PG2310", new SpaceToDepth(4), x);
    }

    [Fact]
    public void An_identity_grid_samples_the_image_itself()
    {
        Tensor x = Evaluated.Random(new Random(4), 1, 2, 3, 5), theta = Evaluated.Floats([1, 2, 3], 1, 0, 0, 0, 1, 0);
        foreach (bool corners in new[] { false, true })
        {
            Tensor grid = Evaluated.One(new AffineGrid(corners), theta, Tensor.Vector(1L, 2, 3, 5));
            foreach (ResizeMode mode in Enum.GetValues<ResizeMode>())
            {
                Evaluated.Near([.. x.Span<float>().ToArray().Select(v => (double)v)], Evaluated.One(new GridSample(corners, mode, GridPadding.Border), x, grid), 1e-4);
            }
        }
    }

    [Fact]
    public void Grid_places_without_a_number_stay_outside()
    {
        Tensor y = Evaluated.One(new GridSample(), Ramp, Evaluated.Floats([1, 1, 2, 2], float.NaN, float.PositiveInfinity, 1e30f, -1e30f));
        Assert.Equal([0f, 0], y.Span<float>().ToArray());
    }

    [Fact]
    public void Suppression_prefers_the_lower_index_among_equal_scores()
    {
        Tensor boxes = Evaluated.Floats([1, 3, 4], 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3), scores = Evaluated.Floats([1, 1, 3], 0.5f, 0.5f, 0.9f);
        Tensor y = Evaluated.One(new NonMaxSuppression(), boxes, scores, Tensor.Scalar(10L), Tensor.Scalar(0.5f));
        Assert.Equal([0, 0, 2, 0, 0, 0], y.Span<long>().ToArray());
        Assert.Equal(0, Evaluated.One(new NonMaxSuppression(), boxes, scores).Length);
    }

    [Fact]
    public void Crop_and_pad_leave_the_centre()
    {
        Tensor x = Evaluated.Floats([5], 1, 2, 3, 4, 5);
        Assert.Equal([2f, 3], Evaluated.One(new CenterCropPad(), x, Tensor.Vector(2L)).Span<float>().ToArray());
        Assert.Equal([0f, 1, 2, 3, 4, 5, 0, 0], Evaluated.One(new CenterCropPad(), x, Tensor.Vector(8L)).Span<float>().ToArray());
    }

    [Fact]
    public void Regions_of_foreign_images_are_refused()
    {
        Evaluated.Fails("PG2316", new RoiAlign(), Ramp, Evaluated.Floats([1, 4], 0, 0, 1, 1), Tensor.Vector(1L));
        Evaluated.Fails("PG2316", new RoiAlign(), Ramp, Evaluated.Floats([1, 4], 0, 0, 1e30f, 1), Tensor.Vector(0L));
        Evaluated.Fails("PG2222", new MaxRoiPool([1, 1]), Ramp, Evaluated.Floats([1, 5], 3, 0, 0, 1, 1));
    }
}
