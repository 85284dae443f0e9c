using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>RMSNormalization of input + skip + bias over the last axis; the sum is an output too.</summary>
internal static class SkipSimplifiedLayerNormalizationImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("SkipSimplifiedLayerNormalization", Import)
        .Inputs("input", "skip", "gamma", "bias?").Outputs("output", "mean?", "inv_std_var?", "input_skip_bias_sum?")
        .Float("epsilon", 1e-12f).Refuse("mean", "inv_std_var");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        Value sum = SkipLayerNormalizationImport.Sum(n, n[3]);
        return [n.Call(new RMSNormalization(-1, n.Float("epsilon")), sum, n[2]), null, null, sum];
    }
}
