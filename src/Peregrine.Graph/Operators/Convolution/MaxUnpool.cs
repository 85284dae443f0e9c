using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Puts the results of a MaxPool back where its indices say, with zeros elsewhere. A given output_shape that is larger than the one that kernel, strides and pads imply extends it at the end.</summary>
public sealed record MaxUnpool(Ints KernelShape = default, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<MaxUnpool> Schema = new Schema<MaxUnpool>("MaxUnpool", since: 9, a => new(a.Ints("kernel_shape"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("X", "I", "output_shape?").Outputs("output")
        .Ints("kernel_shape", o => o.KernelShape).Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, DataType.Int64) || (c.Has(2) && !c.Require(2, DataType.Int64)))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0);
        WindowAttributes window = new(AutoPad.NotSet, default, Pads, Strides);
        if (x.Rank < 3 || x.Rank > ConvolutionInference.MaxRank || KernelShape.Count != x.Rank - 2 || window.Problem(x.Rank - 2) is not null)
        {
            c.Error("PG2216", $"kernel_shape {KernelShape}, pads {Pads} and strides {Strides} do not fit the data {x}.");
            return;
        }

        if (c.IsRanked(1) && (c.Shape(1).Rank != x.Rank || Enumerable.Range(0, x.Rank).Any(i => Dim.ProvablyDifferent(x[i], c.Shape(1)[i]))))
        {
            c.Error("PG2219", $"X has the shape {x}, but I {c.Shape(1)}; they must be equal.");
            return;
        }

        if (!c.Has(2))
        {
            c.Set(0, type, Implied(x));
        }
        else if (c.ValueOf(2) is not { } given)
        {
            c.Set(0, type, Symbolics.Shape.From(x.Select((dim, axis) => axis < 2 ? dim : c.FreshSymbol(null))));
        }
        else if (given.Count != x.Rank || Implied(x).Zip(given, (least, dim) => dim.IsConstant && least.IsConstant && dim.Constant < least.Constant).Any(smaller => smaller))
        {
            c.Error("PG2219", $"output_shape [{string.Join(',', given)}] must have {x.Rank} elements, none smaller than {Implied(x)}.");
        }
        else
        {
            c.Set(0, type, Symbolics.Shape.From(given));
        }
    }

    private Shape Implied(Shape x)
    {
        WindowAttributes window = new(AutoPad.NotSet, default, Pads, Strides);
        int spatial = x.Rank - 2;
        return Symbolics.Shape.From(x.Select((dim, axis) => axis < 2 ? dim : ((dim - 1) * window.StrideOf(axis - 2)) - window.PadOf(axis - 2) - window.PadOf(axis - 2 + spatial) + KernelShape[axis - 2]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> x = c.Read<double>(0);
        ReadOnlySpan<long> indices = c.Read<long>(1);
        Span<double> y = c.Write<double>(0);
        y.Clear();
        long[] implied = Implied(Symbolics.Shape.Of(c.Dims(0))).ToStatic();
        ReadOnlySpan<long> dims = c.Output(0).Dims;
        long volume = Tensor.CountElements(implied);
        for (int i = 0; i < indices.Length; i++)
        {
            long rest = indices[i], target = 0, stride = 1;
            if (rest < 0 || rest >= volume)
            {
                throw c.Fail("PG2220", $"the index {rest} is outside of [0, {volume}), the elements of {Symbolics.Shape.Of(implied)}.");
            }

            for (int axis = dims.Length - 1; axis >= 0; axis--)
            {
                (rest, long coordinate) = Math.DivRem(rest, implied[axis]);
                if (coordinate >= dims[axis])
                {
                    throw c.Fail("PG2220", $"the index {indices[i]} lies outside of the output {c.Output(0)}.");
                }

                target += coordinate * stride;
                stride *= dims[axis];
            }

            y[(int)target] = x[i];
        }
    }
}
