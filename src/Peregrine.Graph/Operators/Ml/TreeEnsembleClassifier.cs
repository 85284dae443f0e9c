using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Decision trees in the form before opset 5 of the domain: Z [N, classes] are the summed votes plus the base values, transformed; Y [N] are the labels of the largest. Where two labels
/// share the votes for one class, the score is that of the second class: a probability if no vote is negative (chosen above 0.5), else a margin (chosen above 0).
/// </summary>
public sealed record TreeEnsembleClassifier : LegacyTrees
{
    public static readonly Schema<TreeEnsembleClassifier> Schema = Declare(new Schema<TreeEnsembleClassifier>("TreeEnsembleClassifier", since: 1, a => new(a), MlDomain.Name).Inputs("X").Outputs("Y", "Z"), "class")
        .Ints("classlabels_int64s", o => o.Integers, Ints.Empty).Texts("classlabels_strings", o => o.Strings, Texts.Empty);

    private TreeEnsembleClassifier(AttributeReader a)
        : base(a, "class") => (Integers, Strings) = (a.Ints("classlabels_int64s"), a.Texts("classlabels_strings"));

    public Ints Integers { get; init; }

    public Texts Strings { get; init; }

    public override OperatorSchema Definition => Schema;

    private ClassLabels Labels => new(Strings, Integers);

    public override void Infer(InferenceScope c)
    {
        if (Labels.Infer(c, "classlabels_int64s and classlabels_strings", Labels.Count))
        {
            CheckLists(c, Labels.Count);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        int classes = Labels.Count;
        TreeForest forest = (TreeForest)(c.State ??= Build(c, classes));
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> z = c.Wants(1) ? c.Write<double>(1) : c.Scratch<double>((long)rows * classes);
        Span<bool> voted = c.Scratch<bool>(classes);
        bool isBinary = classes == 2 && VoteTargets.Distinct().Count() == 1, isProbability = Array.TrueForAll(Weights, w => w >= 0);
        double[] bases = BaseValues;
        for (int row = 0; row < rows; row++)
        {
            Span<double> scores = z.Slice(row * classes, classes);
            TreeScoring.Row(c, forest, VoteAggregation.Sum, x.Slice(row * features, features), scores, voted);
            if (isBinary)
            {
                double score = scores[(int)VoteTargets[0]] + (bases.Length == 0 ? 0 : bases[^1]);
                Labels.Write(c, row, score > (isProbability ? 0.5 : 0) ? 1 : 0);
                BinaryScores.Write(score, isProbability, Transform, scores);
                continue;
            }

            for (int i = 0; i < classes && bases.Length > 0; i++)
            {
                scores[i] += bases[bases.Length == 1 ? 0 : i];
            }

            Labels.Write(c, row, ClassLabels.Largest(scores));
            ScoreTransforms.Apply(Transform, scores);
        }
    }
}
