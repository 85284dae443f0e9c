using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A matrix of the input's shape with ones on the diagonal that is shifted by <paramref name="Diagonal"/> to the right, zeros elsewhere.</summary>
public sealed record EyeLike(long? Type = null, long Diagonal = 0) : Operator
{
    public static readonly Schema<EyeLike> Schema = new Schema<EyeLike>("EyeLike", since: 9, a => new(a.OptionalInt("dtype"), a.Int("k"))).Inputs("input").Outputs("output")
        .OptionalInt("dtype", o => o.Type)
        .Int("k", o => o.Diagonal, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        DataType type = Type is { } stated ? (DataType)stated : c.ElementType(0);
        if (!type.IsFloat() && !type.IsInteger() && type != DataType.Bool)
        {
            c.Error("PG2141", $"it cannot make elements of type {type.Name()}.");
            return;
        }

        if (c.IsRanked(0) && c.Shape(0).Rank != 2)
        {
            c.Error("PG2141", $"the input is {c.Shape(0)}, but must be a matrix.");
            return;
        }

        c.Set(0, type, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        long rows = c.Output(0).Dims[0], columns = c.Output(0).Dims[1];
        Span<double> target = c.Write<double>(0);
        target.Clear();
        for (long row = Math.Max(0, -Math.Max(Diagonal, -rows)); row < rows && Diagonal < columns - row; row++)
        {
            target[(int)((row * columns) + row + Diagonal)] = 1;
        }
    }
}
