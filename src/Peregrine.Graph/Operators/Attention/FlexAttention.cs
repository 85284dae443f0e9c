using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Scaled dot product attention whose scores and probabilities [batch, heads, queries, keys] pass through bodies of the model's own. Q, K, V are
/// [batch, heads, length, size]; neighbouring query heads share a key head. Bodies take one tensor of <see cref="SoftmaxPrecision"/> (float64 for float64 inputs, else
/// float32 by default) and then the captures, and return one of the same type and shape.
/// </summary>
public sealed record FlexAttention(float? Scale = null, DataType? SoftmaxPrecision = null, Graph? ScoreModifier = null, Graph? ProbabilityModifier = null) : Operator, ISubgraphOperator
{
    public static readonly Schema<FlexAttention> Schema = new Schema<FlexAttention>(
            "FlexAttention", since: 1, a => new(a.OptionalFloat("scale"), (DataType?)a.OptionalInt("softmax_precision"), a.OptionalGraph("score_mod"), a.OptionalGraph("prob_mod")), "ai.onnx.preview")
        .Inputs("Q", "K", "V", "captures...?").Outputs("Y")
        .OptionalFloat("scale", o => o.Scale)
        .OptionalInt("softmax_precision", o => (long?)o.SoftmaxPrecision)
        .OptionalGraph("score_mod", o => o.ScoreModifier)
        .OptionalGraph("prob_mod", o => o.ProbabilityModifier);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public IReadOnlyList<Graph> Subgraphs => [.. new[] { ScoreModifier, ProbabilityModifier }.OfType<Graph>()];

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2))
        {
            return;
        }

        if (SoftmaxPrecision is { } precision && !RealTypes.All.Contains(precision))
        {
            c.Error("PG2544", $"softmax_precision is {(long)precision}, but must be 1, 10, 11 or 16.");
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1) || !c.IsRanked(2))
        {
            CheckBodies(c, Shape.Unranked);
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        Shape q = c.Shape(0), k = c.Shape(1), v = c.Shape(2);
        bool fits = q.Rank == 4 && k.Rank == 4 && v.Rank == 4 && c.ElementType(1) == c.ElementType(0) && c.ElementType(2) == c.ElementType(0);
        fits = fits && !Dim.ProvablyDifferent(q[0], k[0]) && !Dim.ProvablyDifferent(q[0], v[0]) && !Dim.ProvablyDifferent(q[3], k[3])
            && !Dim.ProvablyDifferent(k[1], v[1]) && !Dim.ProvablyDifferent(k[2], v[2])
            && (!q[1].IsConstant || !k[1].IsConstant || (k[1].Constant > 0 && q[1].Constant % k[1].Constant == 0));
        if (!fits)
        {
            c.Error("PG2545", $"Q {c.TypeOf(0)}, K {c.TypeOf(1)} and V {c.TypeOf(2)} must be [batch,heads,length,size] of one type that fit each other.");
            return;
        }

        CheckBodies(c, [q[0], q[1], q[2], k[2]]);
        c.Set(0, c.ElementType(0), [q[0], q[1], q[2], v[3]]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        CheckConcrete(c);
        HeadLayout query = HeadLayout.Of(c.Dims(0), 0), key = HeadLayout.Of(c.Dims(1), 0), value = HeadLayout.Of(c.Dims(2), 0), result = query with { Size = value.Size };
        ReadOnlySpan<double> q = c.Read<double>(0), k = c.Read<double>(1), v = c.Read<double>(2);
        long[] dims = [query.Batch, query.Heads, query.Length, key.Length];
        double scale = Scale ?? 1 / Math.Sqrt(query.Size);
        int rows = query.Batch * query.Heads * query.Length;
        Span<double> scores = c.Scratch<double>((long)rows * key.Length);
        for (int row = 0; row < rows; row++)
        {
            (int batch, int head, int position) = Place(query, row);
            for (int j = 0; j < key.Length; j++)
            {
                int keyRow = key.Row(batch, head / (query.Heads / key.Heads), j);
                scores[(row * key.Length) + j] = DoubleRows.Dot(q.Slice(query.Row(batch, head, position), query.Size), k.Slice(keyRow, key.Size)) * scale;
            }
        }

        Modify(c, ScoreModifier, scores, dims);
        for (int row = 0; row < rows; row++)
        {
            AttentionKernel.Softmax(scores.Slice(row * key.Length, key.Length), visible: true);
        }

        Modify(c, ProbabilityModifier, scores, dims);
        Span<double> y = c.Write<double>(c.Output(0, c.Input(0).Type, query.Batch, query.Heads, query.Length, value.Size));
        y.Clear();
        for (int row = 0; row < rows; row++)
        {
            (int batch, int head, int position) = Place(query, row);
            Span<double> output = y.Slice(result.Row(batch, head, position), result.Size);
            for (int j = 0; j < key.Length; j++)
            {
                DoubleRows.AddScaled(output, scores[(row * key.Length) + j], v.Slice(value.Row(batch, head / (query.Heads / key.Heads), j), value.Size));
            }
        }
    }

    /// <summary>Operators with bodies are evaluated without an inference for these very inputs, so the shapes are checked here once more.</summary>
    private static void CheckConcrete(EvaluationScope c)
    {
        ReadOnlySpan<long> q = c.Dims(0), k = c.Dims(1), v = c.Dims(2);
        if (q.Length != 4 || k.Length != 4 || v.Length != 4 || q[0] != k[0] || q[3] != k[3] || !k[..3].SequenceEqual(v[..3]) || k[1] == 0 || q[1] % k[1] != 0)
        {
            throw c.Fail("PG2545", $"Q {c.Input(0)}, K {c.Input(1)} and V {c.Input(2)} must be [batch,heads,length,size] that fit each other.");
        }
    }

    private static (int Batch, int Head, int Position) Place(HeadLayout layout, int row) =>
        (row / (layout.Heads * layout.Length), row / layout.Length % layout.Heads, row % layout.Length);

    private DataType ScoreType(DataType input) => SoftmaxPrecision ?? (input == DataType.Float64 ? DataType.Float64 : DataType.Float32);

    private void CheckBodies(InferenceScope c, Shape scores)
    {
        TensorType type = new(ScoreType(c.ElementType(0)), scores);
        foreach (Graph body in Subgraphs)
        {
            int[] captures = [.. Enumerable.Range(3, Math.Max(0, c.InputCount - 3))];
            if (c.InferSubgraph(body, [type, .. captures.Select(c.TypeOf)], [null, .. captures.Select(c.ValueOf)]) is not { } outputs)
            {
                return;
            }

            if (outputs is not [TensorType output] || output.ElementType != type.ElementType
                || (output.Shape.IsRanked && scores.IsRanked && (output.Shape.Rank != 4 || output.Shape.Zip(scores).Any(p => Dim.ProvablyDifferent(p.First, p.Second)))))
            {
                c.Error("PG2559", $"the body \"{body.Name}\" returns {string.Join(", ", outputs)}, but must return one {type}.");
            }
        }
    }

    /// <summary>Runs a body on scores or probabilities, rounded to the type in which it computes, and puts its result in their place.</summary>
    private void Modify(EvaluationScope c, Graph? body, Span<double> scores, long[] dims)
    {
        if (body is null)
        {
            return;
        }

        Tensor argument = Tensor.Allocate(ScoreType(c.Input(0).Type), dims);
        ElementConversion.Store<double>(scores, argument);
        object?[] results = c.Run(body, [argument, .. Enumerable.Range(3, Math.Max(0, c.InputCount - 3)).Select(c.InputValue)]);
        if (results is not [Tensor result] || result.Type != argument.Type || !result.Dims.SequenceEqual(dims))
        {
            throw c.Fail("PG2559", $"the body \"{body.Name}\" returned {string.Join(", ", results)} instead of {argument}.");
        }

        ElementConversion.Load(result, scores);
    }
}
