namespace Peregrine.Operators;

/// <summary>One activation function of a recurrent cell with its parameters, as ONNX lists them for RNN, GRU and LSTM.</summary>
internal readonly record struct RecurrentActivation(string Name, double Alpha, double Beta)
{
    /// <summary>Name, default alpha and beta (NaN: the function has no such parameter).</summary>
    private static readonly (string Name, double Alpha, double Beta)[] Known =
    [
        ("Affine", 1, 0), ("Elu", 1, double.NaN), ("HardSigmoid", (double)0.2f, 0.5), ("LeakyRelu", (double)0.01f, double.NaN), ("Relu", double.NaN, double.NaN), ("ScaledTanh", 1, 1),
        ("Sigmoid", double.NaN, double.NaN), ("Softplus", double.NaN, double.NaN), ("Softsign", double.NaN, double.NaN), ("Tanh", double.NaN, double.NaN), ("ThresholdedRelu", 1, double.NaN),
    ];

    /// <summary>The functions of these names; each takes the next alpha or beta if it has one. Null and the unknown name if there is none of that name.</summary>
    public static RecurrentActivation[]? TryParse(IReadOnlyList<string> names, IReadOnlyList<float> alphas, IReadOnlyList<float> betas, out string unknown)
    {
        RecurrentActivation[] functions = new RecurrentActivation[names.Count];
        int alpha = 0, beta = 0;
        unknown = "";
        for (int i = 0; i < functions.Length; i++)
        {
            int at = Array.FindIndex(Known, k => k.Name.Equals(names[i], StringComparison.OrdinalIgnoreCase));
            if (at < 0)
            {
                unknown = names[i];
                return null;
            }

            functions[i] = new(
                Known[at].Name,
                double.IsNaN(Known[at].Alpha) || alpha >= alphas.Count ? Known[at].Alpha : alphas[alpha++],
                double.IsNaN(Known[at].Beta) || beta >= betas.Count ? Known[at].Beta : betas[beta++]);
        }

        return functions;
    }

    public double Apply(double x) => Name switch
    {
        "Sigmoid" => 1 / (1 + Math.Exp(-x)),
        "Tanh" => Math.Tanh(x),
        "Relu" => Math.Max(x, 0),
        "Affine" => (Alpha * x) + Beta,
        "Elu" => x >= 0 ? x : Alpha * (Math.Exp(x) - 1),
        "HardSigmoid" => Math.Clamp((Alpha * x) + Beta, 0, 1),
        "LeakyRelu" => x >= 0 ? x : Alpha * x,
        "ScaledTanh" => Alpha * Math.Tanh(Beta * x),
        "Softplus" => x > 30 ? x + Math.Exp(-x) : Math.Log(1 + Math.Exp(x)),
        "Softsign" => x / (1 + Math.Abs(x)),
        _ => x > Alpha ? x : 0,
    };
}
