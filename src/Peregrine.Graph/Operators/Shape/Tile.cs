using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Repeats the whole tensor along each axis as often as <c>repeats</c> says.</summary>
public sealed record Tile : Operator
{
    public static readonly Schema<Tile> Schema = new Schema<Tile>("Tile", since: 6, _ => new()).Inputs("input", "repeats").Outputs("output")
        .Import(1, 5, ImportSingleAxis);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), c.ListLength(1) is { } rank ? c.FreshShape(rank) : Shape.Unranked);
            return;
        }

        Shape input = c.Shape(0);
        if (c.ListLength(1) is { } count && count != input.Rank)
        {
            c.Error("PG2137", $"repeats holds {count} numbers, but the input {input} has rank {input.Rank}.");
            return;
        }

        if (c.ValueOf(1) is not { } repeats)
        {
            c.Set(0, c.ElementType(0), c.FreshShape(input.Rank));
            return;
        }

        if (repeats.Any(c.IsNegative))
        {
            c.Error("PG2137", $"repeats [{string.Join(',', repeats)}] holds a negative number.");
            return;
        }

        c.Set(0, c.ElementType(0), Shape.From(input.Zip(repeats, (dim, repeat) => dim * repeat)));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        int rank = source.Rank;
        Span<long> buffer = rank <= 16 ? stackalloc long[8 * rank] : new long[8 * rank];
        Span<long> from = buffer[..(2 * rank)], to = buffer[(2 * rank)..(4 * rank)], dims = buffer[(4 * rank)..(6 * rank)], own = buffer[(6 * rank)..(7 * rank)], whole = buffer[(7 * rank)..];
        StridedCopy.RowMajor(source.Dims, own);
        StridedCopy.RowMajor(target.Dims, whole);
        for (int i = 0; i < rank; i++)
        {
            long extent = source.Dims[i];
            (dims[2 * i], from[2 * i], to[2 * i]) = (extent == 0 ? 0 : target.Dims[i] / extent, 0, extent * whole[i]);
            (dims[(2 * i) + 1], from[(2 * i) + 1], to[(2 * i) + 1]) = (extent, own[i], whole[i]);
        }

        StridedCopy.Copy(source, 0, from, target, 0, to, dims);
    }

    /// <summary>Opset 1: inputs <c>tiles</c> and <c>axis</c>, both scalars of the data's type.</summary>
    private static IReadOnlyList<Ir.Value?>? ImportSingleAxis(ImportScope s)
    {
        if (s[0]?.Tensor is not { Shape.IsRanked: true } input || s.NumbersOf(1) is not [var tiles] || s.NumbersOf(2) is not [var axis]
            || axis < -input.Shape.Rank || axis >= input.Shape.Rank)
        {
            return s.Error("PG2020", "Tile of opset 1 needs an input of known rank and constant tiles and axis in its range.", "Convert the model to opset 6 or later.");
        }

        long[] repeats = new long[input.Shape.Rank];
        Array.Fill(repeats, 1);
        repeats[axis < 0 ? axis + repeats.Length : axis] = tiles;
        return s.WithInputs([s[0], s.Builder.Constant($"{s.NodeName}.repeats", repeats)]);
    }
}
