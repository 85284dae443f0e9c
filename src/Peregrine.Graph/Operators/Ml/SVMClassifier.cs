using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Support vector classification. With support vectors there is a decision for every pair of classes, in which the winner gets a vote: Y [N] are the labels with most votes, Z the decisions
/// (two columns of opposite sign for two classes), or with <paramref name="ProbabilityA"/> and <paramref name="ProbabilityB"/> the classes' probabilities. Without support vectors each class has
/// a row of weights, and the largest score wins.
/// </summary>
/// <param name="Coefficients">[classes − 1, vectors]: for class i and a vector of class j, row j − 1 if i &lt; j, else row j. Without support vectors [classes, features].</param>
/// <param name="KernelParameters">gamma, coef0, degree.</param>
/// <param name="ProbabilityA">Per pair: the probability of its second class is 1 / (1 + exp(−(A · decision + B))).</param>
/// <param name="VectorsPerClass">The support vectors stand in the order of their classes.</param>
public sealed record SVMClassifier(
    Ints Integers, Texts Strings, Floats Coefficients, Floats KernelParameters, VectorKernel Kernel, ScoreTransform Transform, Floats ProbabilityA, Floats ProbabilityB, Floats Rho, Floats SupportVectors, Ints VectorsPerClass) : Operator
{
    public static readonly Schema<SVMClassifier> Schema = new Schema<SVMClassifier>(
        "SVMClassifier",
        since: 1,
        a => new(
            a.Ints("classlabels_ints"), a.Texts("classlabels_strings"), a.Floats("coefficients"), a.Floats("kernel_params"), a.Choice<VectorKernel>("kernel_type"), a.Choice<ScoreTransform>("post_transform"),
            a.Floats("prob_a"), a.Floats("prob_b"), a.Floats("rho"), a.Floats("support_vectors"), a.Ints("vectors_per_class")),
        MlDomain.Name)
        .Inputs("X").Outputs("Y", "Z")
        .Ints("classlabels_ints", o => o.Integers, Ints.Empty).Texts("classlabels_strings", o => o.Strings, Texts.Empty)
        .Floats("coefficients", o => o.Coefficients, Floats.Empty).Floats("kernel_params", o => o.KernelParameters, Floats.Empty)
        .Choice("kernel_type", o => o.Kernel, VectorKernel.Linear, VectorKernels.Choices).Choice("post_transform", o => o.Transform, ScoreTransform.None, ScoreTransforms.Choices)
        .Floats("prob_a", o => o.ProbabilityA, Floats.Empty).Floats("prob_b", o => o.ProbabilityB, Floats.Empty).Floats("rho", o => o.Rho, Floats.Empty)
        .Floats("support_vectors", o => o.SupportVectors, Floats.Empty).Ints("vectors_per_class", o => o.VectorsPerClass, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    private ClassLabels Labels => new(Strings, Integers);

    private int Pairs => Labels.Count * (Labels.Count - 1) / 2;

    private bool HasProbabilities => ProbabilityA.Count > 0;

    public override void Infer(InferenceScope c)
    {
        int classes = Labels.Count;
        long vectors = VectorsPerClass.Sum();
        bool isPairwise = vectors > 0;
        if (!Labels.Infer(c, "classlabels_ints and classlabels_strings", !isPairwise || HasProbabilities || classes == 2 ? classes : Pairs))
        {
            return;
        }

        // A sum of counts that wraps would fit by accident: each is bounded by the vectors that are there.
        bool fits = isPairwise
            ? classes >= 2 && VectorsPerClass.Count == classes && VectorsPerClass.All(n => n >= 0 && n <= SupportVectors.Count) && SupportVectors.Count % vectors == 0 && Coefficients.Count == (classes - 1) * vectors
                && Rho.Count >= Pairs && (!HasProbabilities || ProbabilityA.Count >= Pairs)
            : Coefficients.Count > 0 && Coefficients.Count % classes == 0 && Rho.Count >= 1;
        if (!fits || ProbabilityB.Count != ProbabilityA.Count || KernelParameters.Count is not (0 or 3))
        {
            c.Error(
                "PG2610",
                $"{classes} classes with {vectors} support vectors do not fit {SupportVectors.Count} elements, {Coefficients.Count} coefficients, {Rho.Count} rho, {ProbabilityA.Count} prob_a, {ProbabilityB.Count} prob_b and {KernelParameters.Count} kernel_params (three, if any).");
            return;
        }

        long expected = isPairwise ? SupportVectors.Count / vectors : Coefficients.Count / classes;
        if (c.RequireRows(0, out _, out Dim? features) && features is { } given && Dim.ProvablyDifferent(given, expected))
        {
            c.Error("PG2610", $"X has {given} features, but the model was made for {expected}.");
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        int classes = Labels.Count, vectors = (int)VectorsPerClass.Sum();
        ReadOnlySpan<double> x = c.Read<double>(0);
        int columns = vectors == 0 || HasProbabilities || classes == 2 ? classes : Pairs;
        Span<double> z = c.Wants(1) ? c.Write<double>(1) : c.Scratch<double>((long)rows * columns);
        Span<double> similarities = c.Scratch<double>(vectors), decisions = c.Scratch<double>(Pairs), couplings = c.Scratch<double>((long)classes * classes), gradient = c.Scratch<double>(classes);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> point = x.Slice(row * features, features);
            Span<double> scores = z.Slice(row * columns, columns);
            if (vectors == 0)
            {
                Labels.Write(c, row, ScoreByWeights(point, scores));
                ScoreTransforms.Apply(Transform, scores);
                continue;
            }

            for (int i = 0; i < vectors; i++)
            {
                similarities[i] = VectorKernels.Compare(Kernel, KernelParameters, point, SupportVectors.AsSpan().Slice(i * features, features));
            }

            Labels.Write(c, row, Decide(similarities, decisions));
            if (HasProbabilities)
            {
                Couple(decisions, couplings, gradient, scores);
                ScoreTransforms.Apply(Transform, scores);
            }
            else if (classes == 2)
            {
                // The conventions of ONNX Runtime: the standard does not say what a transform makes of one decision.
                double score = Transform == ScoreTransform.Probit ? ScoreTransforms.Probit(decisions[0]) : decisions[0];
                (scores[0], scores[1]) = Transform switch
                {
                    ScoreTransform.None => (-score, score),
                    ScoreTransform.Logistic => (ScoreTransforms.Logistic(-score), ScoreTransforms.Logistic(score)),
                    _ => (1 - score, score),
                };
            }
            else
            {
                decisions.CopyTo(scores);
                ScoreTransforms.Apply(Transform, scores);
            }
        }
    }

    /// <summary>Scores of the classes by their weights; returns the winner.</summary>
    private int ScoreByWeights(ReadOnlySpan<double> point, Span<double> scores)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = Rho[0] + VectorKernels.Compare(VectorKernel.Linear, Floats.Empty, point, Coefficients.AsSpan().Slice(i * point.Length, point.Length));
        }

        int best = ClassLabels.Largest(scores);
        if (scores.Length != 2 || HasProbabilities)
        {
            return best;
        }

        // Of two classes the second one wins if any score speaks for it.
        bool arePositive = Coefficients.All(w => w >= 0);
        return (arePositive && scores[best] >= 0.5) || (!arePositive && scores[best] > 0) ? 1 : best;
    }

    /// <summary>The decisions of all pairs in the order (0,1), (0,2), …, (1,2), …; returns the class with most votes, the first of several.</summary>
    private int Decide(ReadOnlySpan<double> similarities, Span<double> decisions)
    {
        int classes = Labels.Count, vectors = similarities.Length, pair = 0, startI = 0;
        Span<double> votes = classes <= 256 ? stackalloc double[classes] : new double[classes];
        for (int i = 0; i < classes; i++)
        {
            int countI = (int)VectorsPerClass[i], startJ = startI + countI;
            for (int j = i + 1; j < classes; j++)
            {
                int countJ = (int)VectorsPerClass[j];
                double sum = Rho[pair];
                for (int v = startI; v < startI + countI; v++)
                {
                    sum += Coefficients[((j - 1) * vectors) + v] * similarities[v];
                }

                for (int v = startJ; v < startJ + countJ; v++)
                {
                    sum += Coefficients[(i * vectors) + v] * similarities[v];
                }

                decisions[pair++] = sum;
                votes[sum > 0 ? i : j]++;
                startJ += countJ;
            }

            startI += countI;
        }

        return ClassLabels.Largest(votes);
    }

    /// <summary>
    /// Probabilities of the classes from those of the pairs: T.-F. Wu, C.-J. Lin and R. Weng, "Probability estimates for multi-class classification by pairwise coupling", JMLR 5, 2004, algorithm 2,
    /// with the tolerance and the limits that LIBSVM uses.
    /// </summary>
    private void Couple(ReadOnlySpan<double> decisions, Span<double> q, Span<double> gradient, Span<double> p)
    {
        const double least = 1e-7;
        int k = p.Length, pair = 0;
        q.Clear();
        for (int i = 0; i < k; i++)
        {
            for (int j = i + 1; j < k; j++, pair++)
            {
                double first = Math.Clamp(1 - ScoreTransforms.Logistic((decisions[pair] * ProbabilityA[pair]) + ProbabilityB[pair]), least, 1 - least), second = 1 - first;
                q[(i * k) + i] += second * second;
                q[(j * k) + j] += first * first;
                q[(i * k) + j] = q[(j * k) + i] = -first * second;
            }
        }

        p.Fill(1.0 / k);
        for (int iteration = 0; iteration < Math.Max(100, k); iteration++)
        {
            double mean = 0, error = 0;
            for (int t = 0; t < k; t++)
            {
                gradient[t] = 0;
                for (int j = 0; j < k; j++)
                {
                    gradient[t] += q[(t * k) + j] * p[j];
                }

                mean += p[t] * gradient[t];
            }

            foreach (double slope in gradient)
            {
                error = Math.Max(error, Math.Abs(slope - mean));
            }

            if (error < 0.005 / k)
            {
                break;
            }

            for (int t = 0; t < k; t++)
            {
                double diagonal = q[(t * k) + t], step = (mean - gradient[t]) / diagonal;
                p[t] += step;
                mean = (mean + (step * ((step * diagonal) + (2 * gradient[t])))) / (1 + step) / (1 + step);
                for (int j = 0; j < k; j++)
                {
                    gradient[j] = (gradient[j] + (step * q[(t * k) + j])) / (1 + step);
                    p[j] /= 1 + step;
                }
            }
        }
    }
}
