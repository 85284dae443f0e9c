using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>One map per row of scores [N, C] (or [C], which counts as one row): from the label of each column to the score. Of equal labels the last counts.</summary>
public sealed record ZipMap(Ints Integers, Texts Strings) : Operator
{
    public static readonly Schema<ZipMap> Schema = new Schema<ZipMap>("ZipMap", since: 1, a => new(a.Ints("classlabels_int64s"), a.Texts("classlabels_strings")), MlDomain.Name).Inputs("X").Outputs("Z")
        .Ints("classlabels_int64s", o => o.Integers, Ints.Empty).Texts("classlabels_strings", o => o.Strings, Texts.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    private ClassLabels Labels => new(Strings, Integers);

    public override void Infer(InferenceScope c)
    {
        if (Strings.Count > 0 == Integers.Count > 0)
        {
            c.Error("PG2607", "exactly one of classlabels_int64s and classlabels_strings must be given.");
        }
        else if (c.Require(0, DataType.Float32) && c.RequireRows(0, out _, out Dim? features))
        {
            if (features is { } given && Dim.ProvablyDifferent(given, Labels.Count))
            {
                c.Error("PG2611", $"the input {c.Shape(0)} has {given} columns for {Labels.Count} labels.");
                return;
            }

            c.Set(0, new SequenceType(new MapType(Labels.Type, DataType.Float32)));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        (TensorMap keys, int[] columns) = ((TensorMap, int[]))(c.State ??= MakeKeys());
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        ReadOnlySpan<float> x = c.Input(0).Span<float>();
        object[] maps = new object[rows];
        for (int row = 0; row < rows; row++)
        {
            Tensor values = Tensor.Allocate(DataType.Float32, [columns.Length]);
            Span<float> target = values.Span<float>();
            for (int i = 0; i < columns.Length; i++)
            {
                target[i] = x[(row * features) + columns[i]];
            }

            maps[row] = keys.With(values);
        }

        c.Set(0, new TensorSequence(maps));
    }

    /// <summary>The distinct labels in their order, and the column that each takes its score from.</summary>
    private (TensorMap Keys, int[] Columns) MakeKeys()
    {
        IEnumerable<(int Label, int Column)> distinct = Enumerable.Range(0, Labels.Count)
            .GroupBy(i => Strings.Count > 0 ? (object)Strings[i] : Integers[i])
            .Select(g => (g.First(), g.Last()));
        int[] labels = [.. distinct.Select(d => d.Label)];
        Tensor keys = Strings.Count > 0 ? new([labels.Length], [.. labels.Select(l => Strings[l])]) : Tensor.Vector<long>([.. labels.Select(l => Integers[l])]);
        return (new(keys, Tensor.Allocate(DataType.Float32, [labels.Length])), [.. distinct.Select(d => d.Column)]);
    }
}
