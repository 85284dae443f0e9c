using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Cuts a tensor along one axis: into parts of the lengths in <c>split</c>; else into <paramref name="NumOutputs"/> parts of which the last may be shorter; else into equal parts,
/// one per output.
/// </summary>
public sealed record Split(long Axis = 0, long? NumOutputs = null) : Operator
{
    public static readonly Schema<Split> Schema = new Schema<Split>("Split", since: 13, a => new(a.Int("axis"), a.OptionalInt("num_outputs"))).Inputs("input", "split?").Outputs("outputs...")
        .Int("axis", o => o.Axis, 0)
        .OptionalInt("num_outputs", o => o.NumOutputs).Added(18, "num_outputs")
        .Import(1, 1, s => WithCount(s, s[1] is null ? s.ConstantInts("split") : Lengths(s)))
        .Import(2, 12, s => WithCount(s, s[1] ?? s.ConstantInts("split")))
        .Import(13, 17, s => WithCount(s, s[1]));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    /// <summary>Up to opset 17 the number of outputs told the number of equal parts.</summary>
    private static IReadOnlyList<Ir.Value?>? WithCount(ImportScope s, Ir.Value? split) =>
        s.WithInputs([s[0], split], ("split", null), ("num_outputs", split is null ? (long)s.OutputCount : null));

    public override void Infer(InferenceScope c)
    {
        int count = c.OutputCount;
        if (NumOutputs is { } stated && (stated != count || c.Has(1)))
        {
            c.Error("PG2127", c.Has(1) ? "it has both num_outputs and an input split; only one may be given." : $"num_outputs is {stated}, but it has {count} outputs.");
            return;
        }

        IReadOnlyList<Dim>? lengths = c.ValueOf(1);
        if (lengths is not null && lengths.Count != count)
        {
            c.Error("PG2127", $"split [{string.Join(',', lengths)}] names {lengths.Count} parts, but it has {count} outputs.");
            return;
        }

        for (int i = 0; i < count; i++)
        {
            if (!c.IsRanked(0))
            {
                c.Set(i, c.ElementType(0), Shape.Unranked);
                continue;
            }

            int axis = c.Axis(Axis, c.Shape(0).Rank);
            if (c.Shape(0).Rank == 0)
            {
                return;
            }

            Dim extent = c.Shape(0)[axis];
            Dim chunk = NumOutputs is null ? Dim.FloorDiv(extent, count) : Dim.CeilDiv(extent, count);
            Dim part = lengths is not null ? lengths[i]
                : c.Has(1) ? c.FreshSymbol(extent)
                : i < count - 1 || NumOutputs is null ? chunk
                : extent - (chunk * (count - 1));
            if (!c.Has(1) && extent.IsConstant)
            {
                if (NumOutputs is null && extent.Constant % count != 0)
                {
                    c.Error("PG2127", $"axis {axis} of {c.Shape(0)} cannot be cut into {count} equal parts.");
                    return;
                }

                part = Math.Clamp(extent.Constant - (chunk.Constant * i), 0, chunk.Constant);
            }

            c.Set(i, c.ElementType(0), c.Shape(0).With(axis, part));
        }

        if (lengths is not null && c.IsRanked(0))
        {
            Dim extent = c.Shape(0)[c.Axis(Axis, c.Shape(0).Rank)];
            if (lengths.Any(c.IsNegative) || Dim.ProvablyDifferent(lengths.Aggregate(Dim.Zero, (sum, length) => sum + length), extent))
            {
                c.Error("PG2127", $"the parts [{string.Join(',', lengths)}] do not add up to the {extent} of axis {Axis}.");
                return;
            }
        }

        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0);
        int rank = source.Rank, axis = c.Axis(Axis, rank);
        Span<long> from = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> to = rank <= 16 ? stackalloc long[rank] : new long[rank];
        StridedCopy.RowMajor(source.Dims, from);
        ReadOnlySpan<long> lengths = c.Has(1) ? c.Read<long>(1) : default;
        long extent = source.Dims[axis], chunk = (extent + c.OutputCount - 1) / c.OutputCount, offset = 0;
        for (int i = 0; i < c.OutputCount; i++)
        {
            long length = c.Has(1) ? lengths[i] : Math.Clamp(extent - offset, 0, chunk);
            if (c.Wants(i))
            {
                Tensor target = c.Output(i);
                StridedCopy.RowMajor(target.Dims, to);
                StridedCopy.Copy(source, offset * from[axis], from, target, 0, to, target.Dims);
            }

            offset += length;
        }
    }

    /// <summary>Opset 1 gave the lengths as an input of the data's own type.</summary>
    private static Ir.Value Lengths(ImportScope s) =>
        s.NumbersOf(1) is { } lengths ? s.Builder.Constant($"{s.NodeName}.split", lengths) : s.Builder.Call(new Cast(DataType.Int64), s[1]);
}
