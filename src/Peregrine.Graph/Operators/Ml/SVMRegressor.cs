using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Support vector regression: Y [N, 1] = Σ coefficientᵢ · kernel(vectorᵢ, x) + rho; without support vectors the coefficients are one vector of weights, compared with x by the kernel.
/// With <paramref name="OneClass"/> the result is its sign, 1 or -1.
/// </summary>
/// <param name="KernelParameters">gamma, coef0, degree.</param>
public sealed record SVMRegressor(
    Floats Coefficients, Floats KernelParameters, VectorKernel Kernel, long SupportCount, bool OneClass, ScoreTransform Transform, Floats Rho, Floats SupportVectors) : Operator
{
    public static readonly Schema<SVMRegressor> Schema = new Schema<SVMRegressor>(
        "SVMRegressor",
        since: 1,
        a => new(a.Floats("coefficients"), a.Floats("kernel_params"), a.Choice<VectorKernel>("kernel_type"), a.Int("n_supports"), a.Flag("one_class"), a.Choice<ScoreTransform>("post_transform"), a.Floats("rho"), a.Floats("support_vectors")),
        MlDomain.Name)
        .Inputs("X").Outputs("Y")
        .Floats("coefficients", o => o.Coefficients, Floats.Empty).Floats("kernel_params", o => o.KernelParameters, Floats.Empty)
        .Choice("kernel_type", o => o.Kernel, VectorKernel.Linear, VectorKernels.Choices)
        .Int("n_supports", o => o.SupportCount, 0).Flag("one_class", o => o.OneClass, false).Choice("post_transform", o => o.Transform, ScoreTransform.None, ScoreTransforms.Choices)
        .Floats("rho", o => o.Rho, Floats.Empty).Floats("support_vectors", o => o.SupportVectors, Floats.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        bool hasVectors = SupportCount > 0;
        if (SupportCount < 0 || (hasVectors && (Coefficients.Count != SupportCount || SupportVectors.Count % SupportCount != 0)) || Rho.Count == 0 || KernelParameters.Count is not (0 or 3))
        {
            c.Error("PG2610", $"{SupportCount} support vectors do not fit {SupportVectors.Count} elements, {Coefficients.Count} coefficients, {Rho.Count} rho (one is needed) and {KernelParameters.Count} kernel_params (three, if any).");
            return;
        }

        if (!c.RequireNumeric(0) || !c.RequireRows(0, out Dim? rows, out Dim? features))
        {
            return;
        }

        long expected = hasVectors ? SupportVectors.Count / SupportCount : Coefficients.Count;
        if (features is { } given && Dim.ProvablyDifferent(given, expected))
        {
            c.Error("PG2610", $"X has {given} features, but the model was made for {expected}.");
            return;
        }

        c.Set(0, DataType.Float32, Shape.Create([rows ?? c.FreshSymbol(null), 1]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        ReadOnlySpan<float> vectors = SupportVectors.AsSpan();
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> point = x.Slice(row * features, features);
            double score = SupportCount == 0 ? VectorKernels.Compare(Kernel, KernelParameters, point, Coefficients.AsSpan()) : 0;
            for (int i = 0; i < (int)SupportCount; i++)
            {
                score += Coefficients[i] * VectorKernels.Compare(Kernel, KernelParameters, point, vectors.Slice(i * features, features));
            }

            score += Rho[0];
            y[row] = OneClass ? score > 0 ? 1 : -1 : score;
            ScoreTransforms.Apply(Transform, y.Slice(row, 1));
        }
    }
}
