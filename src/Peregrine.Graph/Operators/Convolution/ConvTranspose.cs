using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Transposed convolution of data [N, C, spatial…] with weights [C, M/group, kernel…]: the gradient of <see cref="Conv"/> with respect to its data.</summary>
public sealed record ConvTranspose(
    AutoPad AutoPad = AutoPad.NotSet, Ints Dilations = default, long Group = 1, Ints KernelShape = default, Ints OutputPadding = default, Ints OutputShape = default, Ints Pads = default, Ints Strides = default) : Operator
{
    // Elements of one tile of columns before they are folded.
    private const int TileElements = 1 << 17;

    public static readonly Schema<ConvTranspose> Schema = new Schema<ConvTranspose>(
            "ConvTranspose", since: 1,
            a => new(a.Choice<AutoPad>("auto_pad"), a.Ints("dilations"), a.Int("group"), a.Ints("kernel_shape"), a.Ints("output_padding"), a.Ints("output_shape"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("X", "W", "B?").Outputs("Y")
        .AutoPad(o => o.AutoPad)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Int("group", o => o.Group, 1).Ints("kernel_shape", o => o.KernelShape, Ints.Empty)
        .Ints("output_padding", o => o.OutputPadding, Ints.Empty).Ints("output_shape", o => o.OutputShape, Ints.Empty)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public WindowAttributes Window => new(AutoPad, Dilations, Pads, Strides);

    /// <summary>The window that slides over the <em>output</em>: its <see cref="WindowAxis.Input"/> is Y's extent, its <see cref="WindowAxis.Output"/> X's.</summary>
    public WindowGeometry Resolve(ReadOnlySpan<Dim> input, ReadOnlySpan<Dim> kernel)
    {
        WindowAttributes window = Window;
        WindowAxis[] axes = new WindowAxis[input.Length];
        // Some exporters write the whole output shape, batch and channels included; the spatial part is its end.
        int skipped = OutputShape.Count - input.Length;
        for (int i = 0; i < axes.Length; i++)
        {
            axes[i] = WindowAxis.Transposed(
                input[i], kernel[i], window.StrideOf(i), window.DilationOf(i), window.PadOf(i), window.PadOf(i + axes.Length),
                OutputPadding.Count == 0 ? 0 : OutputPadding[i], OutputShape.Count == 0 ? null : OutputShape[i + skipped], AutoPad);
        }

        return new(axes);
    }

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || (c.Has(2) && !c.Require(2, type)))
        {
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0), w = c.Shape(1);
        if (!ConvolutionInference.CheckRanks(c, x, w, Window, KernelShape))
        {
            return;
        }

        int spatial = x.Rank - 2;
        if (Group < 1 || Dim.ProvablyDifferent(x[1], w[0]) || (x[1].IsConstant && x[1].Constant % Group != 0))
        {
            c.Error("PG2211", $"the data {x} and the weights {w} must have equally many channels (data axis 1, weights axis 0), a multiple of the {Group} groups.");
            return;
        }

        if (OutputPadding.Count > 0 && (OutputPadding.Count != spatial || OutputPadding.Any(p => p < 0)))
        {
            c.Error("PG2213", $"output_padding {OutputPadding} must be {spatial} numbers of at least 0.");
            return;
        }

        if (OutputShape.Count > 0 && ((OutputShape.Count != spatial && OutputShape.Count != spatial + 2) || OutputShape.Any(p => p < 0)))
        {
            c.Error("PG2213", $"output_shape {OutputShape} must be {spatial} numbers of at least 0.");
            return;
        }

        WindowGeometry geometry = Resolve(x.AsSpan()[2..], w.AsSpan()[2..]);
        if (geometry.Problem is { } problem && !x.Contains(Dim.Zero))
        {
            c.Error("PG2212", $"{problem}.");
            return;
        }

        Dim maps = w[1] * Group;
        ConvolutionInference.CheckBias(c, 2, maps);
        c.Set(0, type, Symbolics.Shape.From([x[0], maps, .. geometry.Axes.Select(a => a.Input)]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.Float32: Convolve<float, float>(c); break;
            case DataType.Float64: Convolve<double, double>(c); break;
            default: Convolve<float, double>(c); break;
        }
    }

    private void Convolve<TIn, TOut>(EvaluationScope c)
        where TIn : unmanaged, INumber<TIn>
        where TOut : unmanaged, INumber<TOut>
    {
        ReadOnlySpan<long> dimsX = c.Dims(0), dimsW = c.Dims(1);
        WindowKernel window = WindowKernel.Of(c, dimsX[2..], dimsW[2..], this, static (self, input, kernel) => self.Resolve(input, kernel));
        ReadOnlySpan<TIn> x = c.Read<TIn>(0), w = c.Read<TIn>(1);
        ReadOnlySpan<double> bias = c.Has(2) ? c.Read<double>(2) : default;
        Span<TOut> y = c.Write<TOut>(0);
        if (y.IsEmpty)
        {
            return;
        }

        int group = (int)Group, batch = (int)dimsX[0], channels = (int)dimsX[1] / group, maps = (int)dimsW[1], windows = window.OutputVolume;
        int rows = checked((int)(maps * window.KernelVolume)), tile = Math.Clamp(TileElements / Math.Max(rows, 1), Math.Min(16, windows), windows);
        Span<double> columns = c.Scratch<double>((long)rows * tile), sums = c.Scratch<double>((long)maps * window.InputVolume);
        Span<double> workspace = c.Scratch<double>(ReferenceGemm.WorkspaceLength(rows, tile, channels));
        for (int image = 0; image < batch * group; image++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            int g = image % group;
            ReadOnlySpan<TIn> planes = x.Slice(image * channels * windows, channels * windows);
            MatrixView<TIn> weights = MatrixView<TIn>.Transposed(w.Slice(g * channels * rows, channels * rows), rows);
            for (int map = 0; map < maps; map++)
            {
                sums.Slice(map * window.InputVolume, window.InputVolume).Fill(bias.IsEmpty ? 0 : bias[(g * maps) + map]);
            }

            for (int first = 0; first < windows && channels > 0; first += tile)
            {
                int count = Math.Min(tile, windows - first);
                ReferenceGemm.Multiply<TIn, double, double>(rows, count, channels, 1, weights, new(planes[first..], windows, 1), 0, default, columns, count, workspace);
                window.Fold(columns, maps, first, count, sums);
            }

            Span<TOut> target = y.Slice(image * sums.Length, sums.Length);
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = TOut.CreateTruncating(sums[i]);
            }
        }
    }
}
