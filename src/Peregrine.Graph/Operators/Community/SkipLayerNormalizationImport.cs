using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>LayerNormalization of input + skip + bias over the last axis; the sum is an output too.</summary>
internal static class SkipLayerNormalizationImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("SkipLayerNormalization", Import)
        .Inputs("input", "skip", "gamma", "beta?", "bias?").Outputs("output", "mean?", "inv_std_var?", "input_skip_bias_sum?")
        .Float("epsilon", 1e-12f);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        Value sum = Sum(n, n[4]);
        IReadOnlyList<Value?> normalized = n.CallWanted(new LayerNormalization(-1, n.Float("epsilon")), [sum, n[2], n[3]], true, n.Wants(1), n.Wants(2));
        return [.. normalized, sum];
    }

    /// <summary>input + skip, and the bias if there is one.</summary>
    public static Value Sum(ForeignNode n, Value? bias)
    {
        Value sum = n.Call(new Add(), n[0], n[1]);
        return bias is null ? sum : n.Call(new Add(), sum, bias);
    }
}
