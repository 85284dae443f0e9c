using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>FusedMatMul and an activation behind it.</summary>
internal static class FusedMatMulActivationImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("FusedMatMulActivation", Import)
        .Inputs("A", "B").Outputs("Y")
        .AttributesOf(FusedMatMulImport.Schema)
        .Text("activation", null).OptionalFloat("activation_alpha").OptionalFloat("activation_beta").OptionalFloat("activation_gamma").OptionalInt("activation_axis");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (FusedMatMulImport.Product(n) is not { } product)
        {
            return null;
        }

        Value? y = n.Text("activation") == "Softmax"
            ? n.Call(new Softmax(n.OptionalInt("activation_axis") ?? -1), product)
            : FusedActivation.Apply(n, product, n.Text("activation"), n.OptionalFloat("activation_alpha"), n.OptionalFloat("activation_beta"), n.OptionalFloat("activation_gamma"));
        return y is null ? null : [y];
    }
}
