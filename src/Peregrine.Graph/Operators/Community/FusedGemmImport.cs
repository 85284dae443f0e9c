using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Gemm and an activation behind it.</summary>
internal static class FusedGemmImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("FusedGemm", Import)
        .Inputs("A", "B", "C?").Outputs("Y")
        .AttributesOf(Gemm.Schema)
        .Text("activation", "").OptionalFloat("activation_alpha").OptionalFloat("activation_beta").OptionalFloat("activation_gamma");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        Value product = n.Call(new Gemm(n.Float("alpha"), n.Float("beta"), n.Flag("transA"), n.Flag("transB")), n[0], n[1], n[2]);
        return FusedActivation.Apply(n, product, n.Text("activation"), n.OptionalFloat("activation_alpha"), n.OptionalFloat("activation_beta"), n.OptionalFloat("activation_gamma")) is { } y ? [y] : null;
    }
}
