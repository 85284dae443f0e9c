using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Deformable convolution (X. Zhu et al., "Deformable ConvNets v2", 2018): each kernel element reads its input at a place shifted by an offset, interpolated linearly (zero outside),
/// and weighed by an optional mask.
/// </summary>
public sealed record DeformConv(Ints Dilations = default, long Group = 1, Ints KernelShape = default, long OffsetGroup = 1, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<DeformConv> Schema = new Schema<DeformConv>(
            "DeformConv", since: 19, a => new(a.Ints("dilations"), a.Int("group"), a.Ints("kernel_shape"), a.Int("offset_group"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("X", "W", "offset", "B?", "mask?").Outputs("Y")
        .Ints("dilations", o => o.Dilations, Ints.Empty).Int("group", o => o.Group, 1).Ints("kernel_shape", o => o.KernelShape, Ints.Empty)
        .Int("offset_group", o => o.OffsetGroup, 1).Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public WindowAttributes Window => new(AutoPad.NotSet, Dilations, Pads, Strides);

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || !c.Require(2, type) || (c.Has(3) && !c.Require(3, type)) || (c.Has(4) && !c.Require(4, type)))
        {
            return;
        }

        Shape shape = ConvolutionInference.Infer(c, 0, 1, Window, KernelShape, Group);
        if (shape.IsRanked)
        {
            ConvolutionInference.CheckBias(c, 3, shape[1]);
            Dim taps = c.Shape(1).Skip(2).Aggregate((Dim)OffsetGroup, (product, dim) => product * dim);
            CheckField(c, 2, [shape[0], taps * (shape.Rank - 2), .. shape.Skip(2)]);
            CheckField(c, 4, [shape[0], taps, .. shape.Skip(2)]);
            if (OffsetGroup < 1 || (c.Shape(0)[1].IsConstant && c.Shape(0)[1].Constant % OffsetGroup != 0))
            {
                c.Error("PG2224", $"the {c.Shape(0)[1]} channels cannot be divided into {OffsetGroup} offset groups.");
            }

            if (shape.Rank - 2 > 8)
            {
                c.Error("PG2224", $"it has {shape.Rank - 2} spatial dimensions; at most 8 are supported.");
            }
        }

        c.Set(0, type, shape);
    }

    private static void CheckField(InferenceScope c, int input, Shape expected)
    {
        if (c.Has(input) && c.IsRanked(input) && (c.Shape(input).Rank != expected.Rank || Enumerable.Range(0, expected.Rank).Any(i => Dim.ProvablyDifferent(c.Shape(input)[i], expected[i]))))
        {
            c.Error("PG2224", $"input {input} ({Schema.InputFormals[input].Name}) has the shape {c.Shape(input)}, but must have {expected}.");
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dimsX = c.Dims(0), dimsW = c.Dims(1);
        WindowKernel window = WindowKernel.Of(c, dimsX[2..], dimsW[2..], Window, static (window, input, kernel) => window.Resolve(input, kernel));
        ReadOnlySpan<double> x = c.Read<double>(0), w = c.Read<double>(1), offsets = c.Read<double>(2);
        ReadOnlySpan<double> bias = c.Has(3) ? c.Read<double>(3) : default, mask = c.Has(4) ? c.Read<double>(4) : default;
        Span<double> y = c.Write<double>(0);
        if (y.IsEmpty)
        {
            return;
        }

        int batch = (int)dimsX[0], channels = (int)dimsX[1], maps = (int)dimsW[0], group = (int)Group, taps = (int)window.KernelVolume, windows = window.OutputVolume;
        int channelsInGroup = channels / group, mapsInGroup = maps / group, depth = channelsInGroup * taps, rank = window.Rank, channelsPerOffset = channels / (int)OffsetGroup;
        int tile = ConvolutionKernel.TileOf(depth, windows);
        Span<double> columns = c.Scratch<double>((long)depth * tile), workspace = c.Scratch<double>(ReferenceGemm.WorkspaceLength(mapsInGroup, tile, depth));
        Span<double> place = c.Scratch<double>(rank);
        Span<long> coordinates = c.Scratch<long>(rank), tapCoordinates = c.Scratch<long>(rank);
        for (int item = 0; item < batch * group; item++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            (int image, int g) = Math.DivRem(item, group);
            MatrixView<double> initial = bias.IsEmpty ? default : new(bias.Slice(g * mapsInGroup, mapsInGroup), 1, 0);
            for (int first = 0; first < windows; first += tile)
            {
                int count = Math.Min(tile, windows - first);
                for (int row = 0; row < depth; row++)
                {
                    (int own, int tap) = Math.DivRem(row, taps);
                    int channel = (g * channelsInGroup) + own, field = (((image * (int)OffsetGroup) + (channel / channelsPerOffset)) * taps) + tap;
                    ReadOnlySpan<double> plane = x.Slice(((image * channels) + channel) * window.InputVolume, window.InputVolume);
                    for (int axis = rank - 1, rest = tap; axis >= 0; axis--)
                    {
                        (rest, int coordinate) = Math.DivRem(rest, (int)dimsW[axis + 2]);
                        tapCoordinates[axis] = coordinate;
                    }

                    for (int i = 0; i < count; i++)
                    {
                        int position = first + i;
                        window.Coordinates(position, coordinates);
                        for (int axis = 0; axis < rank; axis++)
                        {
                            place[axis] = window.Position(axis, coordinates[axis], tapCoordinates[axis]) + offsets[(((field * rank) + axis) * windows) + position];
                        }

                        columns[(row * count) + i] = Sample(plane, window.Input, place) * (mask.IsEmpty ? 1 : mask[(field * windows) + position]);
                    }
                }

                ReferenceGemm.Multiply(
                    mapsInGroup, count, depth, 1, MatrixView<double>.RowMajor(w.Slice(g * mapsInGroup * depth, mapsInGroup * depth), depth), MatrixView<double>.RowMajor(columns, count),
                    1, initial, y[((((image * maps) + (g * mapsInGroup)) * windows) + first)..], windows, workspace);
            }
        }
    }

    /// <summary>The value between elements: the 2^rank corners weighed by nearness, those outside of the plane being zero.</summary>
    private static double Sample(ReadOnlySpan<double> plane, ReadOnlySpan<long> extents, ReadOnlySpan<double> place)
    {
        double sum = 0;
        for (int corner = 0; corner < 1 << place.Length; corner++)
        {
            double weight = 1;
            long flat = 0;
            for (int axis = 0; axis < place.Length && weight != 0; axis++)
            {
                double low = Math.Floor(place[axis]), ratio = place[axis] - low;
                bool high = ((corner >> axis) & 1) != 0;
                double position = high ? low + 1 : low;
                weight *= position >= 0 && position < extents[axis] ? high ? ratio : 1 - ratio : 0;
                flat = (flat * extents[axis]) + (weight == 0 ? 0 : (long)position);
            }

            sum += weight == 0 ? 0 : weight * plane[(int)flat];
        }

        return sum;
    }
}
