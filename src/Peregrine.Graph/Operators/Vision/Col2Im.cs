using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Adds the columns [N, C·block, windows] of an unfolded image back to where they came from: [N, C, image…].</summary>
public sealed record Col2Im(Ints Dilations = default, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<Col2Im> Schema = new Schema<Col2Im>("Col2Im", since: 18, a => new(a.Ints("dilations"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("input", "image_shape", "block_shape").Outputs("output")
        .Ints("dilations", o => o.Dilations, Ints.Empty).Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public WindowAttributes Window => new(AutoPad.NotSet, Dilations, Pads, Strides);

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!type.IsFloat() && !type.IsInteger())
        {
            c.Error("PG2312", $"input 0 is {c.TypeOf(0)}, whose elements cannot be added.");
            return;
        }

        if (!c.IsRanked(0) || c.ValueOf(1) is not { } image || c.ValueOf(2) is not { } block)
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0);
        if (x.Rank != 3 || image.Count != block.Count || image.Count is 0 or > 30 || Window.Problem(image.Count) is not null)
        {
            c.Error("PG2312", $"the input {x} must have rank 3, and image_shape, block_shape, dilations {Dilations}, pads {Pads} and strides {Strides} must be of one length (here {image.Count}).");
            return;
        }

        WindowGeometry geometry = Window.Resolve([.. image], [.. block]);
        Dim volume = block.Aggregate(Dim.One, (product, dim) => product * dim), windows = geometry.Output.Aggregate(Dim.One, (product, dim) => product * dim);
        if (geometry.Problem is { } problem || Dim.ProvablyDifferent(windows, x[2]) || (x[1].IsConstant && volume.IsConstant && x[1].Constant % volume.Constant != 0))
        {
            c.Error("PG2312", geometry.Problem is { } reason ? $"{reason}." : $"the input {x} must have a multiple of {volume} (block) rows and {windows} columns (windows).");
            return;
        }

        c.Set(0, type, Symbolics.Shape.From([x[0], Dim.FloorDiv(x[1], volume), .. image]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type.IsFloat())
        {
            Fold(c, c.Read<double>(0), c.Write<double>(0));
        }
        else
        {
            Fold(c, c.Read<long>(0), c.Write<long>(0));
        }
    }

    private void Fold<T>(EvaluationScope c, ReadOnlySpan<T> columns, Span<T> y) where T : unmanaged, INumber<T>
    {
        y.Clear();
        if (columns.IsEmpty || y.IsEmpty)
        {
            return;
        }

        WindowKernel window = WindowKernel.Of(c, c.Read<long>(1), c.Read<long>(2), Window, static (window, image, block) => window.Resolve(image, block));
        int batch = (int)c.Dims(0)[0], channels = (int)c.Output(0).Dims[1], size = columns.Length / batch, volume = y.Length / batch;
        for (int i = 0; i < batch; i++)
        {
            window.Fold(columns.Slice(i * size, size), channels, 0, window.OutputVolume, y.Slice(i * volume, volume));
        }
    }
}
