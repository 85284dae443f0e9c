using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Linear scores per class: Z [N, classes] are the transformed scores, Y [N] the labels of the largest. Where two labels share one row of coefficients, the score is that of the second class
/// (chosen where it is positive), and Z has a column for each.
/// </summary>
/// <param name="MultiClass">How the model was trained; without meaning for the result.</param>
public sealed record LinearClassifier(Floats Coefficients, Floats Intercepts, Ints Integers, Texts Strings, long MultiClass = 0, ScoreTransform Transform = ScoreTransform.None) : Operator
{
    public static readonly Schema<LinearClassifier> Schema = new Schema<LinearClassifier>(
        "LinearClassifier",
        since: 1,
        a => new(a.Floats("coefficients"), a.Floats("intercepts"), a.Ints("classlabels_ints"), a.Texts("classlabels_strings"), a.Int("multi_class"), a.Choice<ScoreTransform>("post_transform")),
        MlDomain.Name)
        .Inputs("X").Outputs("Y", "Z")
        .Floats("coefficients", o => o.Coefficients).Floats("intercepts", o => o.Intercepts, Floats.Empty)
        .Ints("classlabels_ints", o => o.Integers, Ints.Empty).Texts("classlabels_strings", o => o.Strings, Texts.Empty)
        .Int("multi_class", o => o.MultiClass, 0).Choice("post_transform", o => o.Transform, ScoreTransform.None, ScoreTransforms.Choices);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Transform == ScoreTransform.None ? Accuracy.Rounding : Accuracy.Approximate;

    private ClassLabels Labels => new(Strings, Integers);

    /// <summary>Whether one score decides between two labels.</summary>
    private bool IsBinary => Labels.Count == 2 && Intercepts.Count == 1;

    private int Scores => IsBinary ? 1 : Labels.Count;

    public override void Infer(InferenceScope c)
    {
        if (Labels.Infer(c, "classlabels_ints and classlabels_strings", Labels.Count))
        {
            LinearScores.Check(c, Coefficients, Intercepts, Scores);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        int classes = Labels.Count;
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> z = c.Wants(1) ? c.Write<double>(1) : c.Scratch<double>((long)rows * classes);
        for (int row = 0; row < rows; row++)
        {
            Span<double> scores = z.Slice(row * classes, classes);
            LinearScores.Row(x.Slice(row * features, features), Coefficients, Intercepts, scores[..Scores]);
            if (IsBinary)
            {
                double score = scores[0];
                Labels.Write(c, row, score > 0 ? 1 : 0);
                BinaryScores.Write(score, isProbability: true, Transform, scores);
            }
            else
            {
                Labels.Write(c, row, ClassLabels.Largest(scores));
                ScoreTransforms.Apply(Transform, scores);
            }
        }
    }
}
