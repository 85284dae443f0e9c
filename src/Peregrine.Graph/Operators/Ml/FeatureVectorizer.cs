using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Sets the features of its inputs ([N, C] or [C], which counts as one row) side by side, as float32.</summary>
/// <param name="Dimensions">The number of features of each input; absent, what the inputs have.</param>
public sealed record FeatureVectorizer(Ints? Dimensions = null) : Operator
{
    public static readonly Schema<FeatureVectorizer> Schema = new Schema<FeatureVectorizer>("FeatureVectorizer", since: 1, a => new(a.OptionalInts("inputdimensions")), MlDomain.Name).Inputs("X...").Outputs("Y")
        .OptionalInts("inputdimensions", o => o.Dimensions);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (Dimensions is { Count: > 0 } stated && stated.Count != c.InputCount)
        {
            c.Error("PG2606", $"inputdimensions names {stated.Count} inputs, but it has {c.InputCount}.");
            return;
        }

        Dim? rows = null, width = Dim.Zero;
        for (int i = 0; i < c.InputCount; i++)
        {
            if (!c.RequireNumeric(i) || !c.RequireRows(i, out Dim? own, out Dim? features))
            {
                return;
            }

            if (features is { } given && Dimensions is { Count: > 0 } d && Dim.ProvablyDifferent(given, d[i]))
            {
                c.Error("PG2606", $"input {i} has {given} features, but inputdimensions says {d[i]}.");
                return;
            }

            if (rows is { } before && own is { } now && Dim.ProvablyDifferent(before, now))
            {
                c.Error("PG2606", $"input {i} has {now} rows, but the ones before it have {before}.");
                return;
            }

            rows ??= own;
            width = width is null || features is null ? null : width + features;
        }

        c.Set(0, DataType.Float32, Shape.Create([rows ?? c.FreshSymbol(null), width ?? c.FreshSymbol(null)]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Span<float> y = c.Write<float>(0);
        int width = (int)c.Output(0).Dims[1], offset = 0;
        for (int i = 0; i < c.InputCount; i++)
        {
            (int rows, int features) = MlDomain.RowsOf(c, i);
            ReadOnlySpan<double> x = c.Read<double>(i);
            for (int row = 0; row < rows; row++)
            {
                for (int k = 0; k < features; k++)
                {
                    y[(row * width) + offset + k] = (float)x[(row * features) + k];
                }
            }

            offset += features;
        }
    }
}
