namespace Peregrine.Operators;

/// <summary>
/// One axis of a Resize in numbers. Interpolation is separable: output element o along the axis is <c>Σ Weight(o, t) · input[Index(o, t)]</c> over <see cref="Taps"/> neighbours.
/// </summary>
/// <param name="Scale">Output extent per input extent, before rounding.</param>
/// <param name="ResizedLength">The output extent as the coordinate formulas see it; not whole where it comes from a scale.</param>
/// <param name="RegionStart">Region of interest, relative to the input's extent; only for <see cref="CoordinateTransformation.TfCropAndResize"/>.</param>
internal readonly record struct ResizeAxis(int Axis, int Input, int Output, double Scale, double ResizedLength, double RegionStart, double RegionEnd)
{
    /// <summary>Whether the axis stays as it is.</summary>
    public bool IsIdentity => Input == Output && Math.Abs(Scale - 1) < 1e-9 && RegionStart == 0 && RegionEnd == 1;

    /// <summary>Neighbours per output element.</summary>
    public int Taps(Resize resize) => 2 * HalfWidth(resize);

    /// <summary>The input coordinate that output coordinate <paramref name="x"/> stands for (ONNX, coordinate_transformation_mode).</summary>
    public double Source(CoordinateTransformation mode, int x) => mode switch
    {
        CoordinateTransformation.AlignCorners => ResizedLength == 1 ? 0 : x * (Input - 1) / (ResizedLength - 1),
        CoordinateTransformation.Asymmetric => x / Scale,
        CoordinateTransformation.TfCropAndResize => (RegionStart * (Input - 1)) + (ResizedLength == 1
            ? (RegionEnd - RegionStart) * (Input - 1) / 2
            : x * (RegionEnd - RegionStart) * (Input - 1) / (ResizedLength - 1)),
        CoordinateTransformation.PyTorchHalfPixel => ResizedLength == 1 ? -0.5 : ((x + 0.5) / Scale) - 0.5,
        CoordinateTransformation.HalfPixelSymmetric => (Input / 2.0 * (1 - (Output / ResizedLength))) + ((x + 0.5) / Scale) - 0.5,
        CoordinateTransformation.TfHalfPixelForNearest => (x + 0.5) / Scale,
        _ => ((x + 0.5) / Scale) - 0.5,
    };

    /// <summary>Whether the coordinate lies where <see cref="Resize.ExtrapolationValue"/> takes the place of the input.</summary>
    public bool IsExtrapolated(CoordinateTransformation mode, double source) => mode == CoordinateTransformation.TfCropAndResize && !(source >= 0 && source <= Input - 1);

    /// <summary>The nearest input element for each output element; -1 where the value is extrapolated.</summary>
    public void FillNearest(Resize resize, Span<int> indices)
    {
        for (int x = 0; x < Output; x++)
        {
            double source = Source(resize.CoordinateMode, x);
            double rounded = resize.Rounding switch
            {
                NearestRounding.Floor => Math.Floor(source),
                NearestRounding.Ceil => Math.Ceiling(source),
                NearestRounding.RoundPreferCeil => Math.Floor(source + 0.5),
                _ => Math.Ceiling(source - 0.5),
            };
            indices[x] = IsExtrapolated(resize.CoordinateMode, source) ? -1 : (int)Math.Clamp(rounded, 0, Input - 1);
        }
    }

    /// <summary>
    /// Neighbours and weights, <see cref="Taps"/> per output element. Neighbours outside of the input repeat its edge, or weigh nothing with
    /// <see cref="Resize.ExcludeOutside"/>. A first index of -1 marks an extrapolated element.
    /// </summary>
    public void FillWeights(Resize resize, Span<int> indices, Span<double> weights)
    {
        int half = HalfWidth(resize), taps = 2 * half;
        double stretch = resize.Antialias ? Math.Min(Scale, 1) : 1;
        for (int x = 0; x < Output; x++)
        {
            Span<int> index = indices.Slice(x * taps, taps);
            Span<double> weight = weights.Slice(x * taps, taps);
            double source = Source(resize.CoordinateMode, x);
            if (IsExtrapolated(resize.CoordinateMode, source))
            {
                index[0] = -1;
                continue;
            }

            source = Math.Clamp(source, int.MinValue / 2, int.MaxValue / 2);
            int left = (int)Math.Ceiling(source) - 1;
            double ratio = source - left, sum = 0;
            for (int tap = 0; tap < taps; tap++)
            {
                int position = left + 1 - half + tap;
                double w = Filter(resize, (1 - half + tap - ratio) * stretch);
                bool outside = position < 0 || position >= Input;
                weight[tap] = outside && resize.ExcludeOutside ? 0 : w;
                index[tap] = Math.Clamp(position, 0, Input - 1);
                sum += weight[tap];
            }

            if ((resize.Antialias || resize.ExcludeOutside) && sum != 0)
            {
                foreach (ref double w in weight)
                {
                    w /= sum;
                }
            }
        }
    }

    private static double Filter(Resize resize, double distance)
    {
        double x = Math.Abs(distance);
        if (resize.Mode == ResizeMode.Linear)
        {
            return Math.Max(0, 1 - x);
        }

        // R. Keys, "Cubic convolution interpolation for digital image processing" (1981), equation 4.
        double a = resize.CubicCoefficient;
        return x <= 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1
            : x < 2 ? (((((x - 5) * x) + 8) * x) - 4) * a
            : 0;
    }

    private int HalfWidth(Resize resize)
    {
        double radius = resize.Mode == ResizeMode.Cubic ? 2 : 1;
        return resize.Antialias ? (int)Math.Min(Math.Ceiling(radius / Math.Min(Scale, 1)), 1 << 24) : (int)radius;
    }
}
