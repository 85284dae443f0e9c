using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Resamples a tensor along any of its axes, to given sizes or by given scales (one of the two inputs is present).</summary>
public sealed record Resize(
    bool Antialias = false, Ints? Axes = null, CoordinateTransformation CoordinateMode = CoordinateTransformation.HalfPixel, float CubicCoefficient = -0.75f, bool ExcludeOutside = false,
    float ExtrapolationValue = 0, AspectRatioPolicy Policy = AspectRatioPolicy.Stretch, ResizeMode Mode = ResizeMode.Nearest, NearestRounding Rounding = NearestRounding.RoundPreferFloor) : Operator
{
    public static readonly Schema<Resize> Schema = new Schema<Resize>(
            "Resize", since: 11,
            a => new(
                a.Flag("antialias"), a.OptionalInts("axes"), a.Choice<CoordinateTransformation>("coordinate_transformation_mode"), a.Float("cubic_coeff_a"), a.Flag("exclude_outside"),
                a.Float("extrapolation_value"), a.Choice<AspectRatioPolicy>("keep_aspect_ratio_policy"), a.Choice<ResizeMode>("mode"), a.Choice<NearestRounding>("nearest_mode")))
        .Inputs("X", "roi?", "scales?", "sizes?").Outputs("Y")
        .Flag("antialias", o => o.Antialias, false)
        .OptionalInts("axes", o => o.Axes)
        .Choice(
            "coordinate_transformation_mode", o => o.CoordinateMode, CoordinateTransformation.HalfPixel,
            ("half_pixel", CoordinateTransformation.HalfPixel), ("half_pixel_symmetric", CoordinateTransformation.HalfPixelSymmetric), ("pytorch_half_pixel", CoordinateTransformation.PyTorchHalfPixel),
            ("align_corners", CoordinateTransformation.AlignCorners), ("asymmetric", CoordinateTransformation.Asymmetric), ("tf_crop_and_resize", CoordinateTransformation.TfCropAndResize),
            ("tf_half_pixel_for_nn", CoordinateTransformation.TfHalfPixelForNearest))
        .Float("cubic_coeff_a", o => o.CubicCoefficient, -0.75f)
        .Flag("exclude_outside", o => o.ExcludeOutside, false)
        .Float("extrapolation_value", o => o.ExtrapolationValue, 0)
        .Choice("keep_aspect_ratio_policy", o => o.Policy, AspectRatioPolicy.Stretch, ("stretch", AspectRatioPolicy.Stretch), ("not_larger", AspectRatioPolicy.NotLarger), ("not_smaller", AspectRatioPolicy.NotSmaller))
        .Choice("mode", o => o.Mode, ResizeMode.Nearest, ("nearest", ResizeMode.Nearest), ("linear", ResizeMode.Linear), ("cubic", ResizeMode.Cubic))
        .Choice(
            "nearest_mode", o => o.Rounding, NearestRounding.RoundPreferFloor,
            ("round_prefer_floor", NearestRounding.RoundPreferFloor), ("round_prefer_ceil", NearestRounding.RoundPreferCeil), ("floor", NearestRounding.Floor), ("ceil", NearestRounding.Ceil))
        .Added(18, "antialias", "axes", "keep_aspect_ratio_policy").Added(19, "coordinate_transformation_mode=half_pixel_symmetric")
        .Import(10, 10, s => s.Call(LegacyResize.Operator(s.Attributes.Text("mode", "nearest"), s[1]), s[0], null, s[1]));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Mode == ResizeMode.Nearest ? Accuracy.Exact : Accuracy.Rounding;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if ((Mode != ResizeMode.Nearest && !type.IsFloat() && !type.IsInteger()) || (type.Bits() < 8 && type != DataType.String))
        {
            c.Error("PG2300", $"input 0 is {c.TypeOf(0)}, which mode {Mode} cannot interpolate.");
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        bool hasScales = IsGiven(c, 2), hasSizes = IsGiven(c, 3);
        if (hasScales == hasSizes)
        {
            c.Error("PG2301", $"exactly one of scales and sizes must be given, but {(hasScales ? "both are" : "none is")}.");
            return;
        }

        Shape x = c.Shape(0);
        int[] axes = ResizeGeometry.AxesOf(this, x.Rank);
        if (Axes is { } given && (axes.Distinct().Count() != axes.Length || given.Any(a => a < -x.Rank || a >= x.Rank)))
        {
            c.Error("PG2302", $"axes {given} must be different numbers in [{-x.Rank}, {x.Rank - 1}].");
            return;
        }

        int input = hasScales ? 2 : 3;
        if (c.IsRanked(input) && (c.Shape(input).Rank != 1 || Dim.ProvablyDifferent(c.Shape(input)[0], axes.Length)))
        {
            c.Error("PG2303", $"{(hasScales ? "scales" : "sizes")} has the shape {c.Shape(input)}, but there are {axes.Length} axes.");
            return;
        }

        if (ResizeGeometry.Problem(c, this, axes) is { } problem)
        {
            c.Error("PG2304", $"{problem}.");
            return;
        }

        c.Set(0, type, hasScales ? ResizeGeometry.ScaledShape(c, x, axes) : ResizeGeometry.SizedShape(c, this, x, axes));
    }

    /// <summary>The inference of <see cref="Upsample"/>: all axes, scales in input <paramref name="scales"/>.</summary>
    internal static void InferScaled(InferenceScope c, int scales)
    {
        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Symbolics.Shape.Unranked);
            return;
        }

        if (c.IsRanked(scales) && (c.Shape(scales).Rank != 1 || Dim.ProvablyDifferent(c.Shape(scales)[0], c.Shape(0).Rank)))
        {
            c.Error("PG2303", $"scales has the shape {c.Shape(scales)}, but the data {c.Shape(0)} have {c.Shape(0).Rank} axes.");
            return;
        }

        c.Set(0, c.ElementType(0), ResizeGeometry.ScaledShape(c, c.Shape(0), [.. Enumerable.Range(0, c.Shape(0).Rank)], scales));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor x = c.Input(0), y = c.Output(0);
        ResizeAxis[] axes = ResizePlan.Of(c, this, x, y);
        if (y.Length == 0)
        {
            return;
        }

        if (x.Length == 0)
        {
            throw c.Fail("PG2305", $"the empty input {x} cannot be resized to {y}.");
        }

        if (Mode == ResizeMode.Nearest)
        {
            ResizeKernel.Nearest(c, this, axes, x, y);
        }
        else
        {
            ResizeKernel.Interpolate(c, this, axes, x, y);
        }
    }

    /// <summary>Opsets 11 and 12 pass an empty tensor for the one of scales and sizes that is not meant.</summary>
    private static bool IsGiven(InferenceScope c, int input) =>
        c.Has(input) && !(c.IsRanked(input) && c.Shape(input).Rank == 1 && c.Shape(input)[0] == Dim.Zero);
}
