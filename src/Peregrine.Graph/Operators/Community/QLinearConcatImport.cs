using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Concat of quantised tensors, each with its own scale and zero point, in the scale and zero point of the result.</summary>
internal static class QLinearConcatImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("QLinearConcat", Import)
        .Inputs("Y_scale", "Y_zero_point", "inputs...").Outputs("Y")
        .Int("axis");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        const int First = 2, Group = 3;
        if ((n.InputCount - First) % Group != 0)
        {
            return n.Fail($"it has {n.InputCount} inputs, but must have {First} and {Group} (data, scale, zero point) for each part.");
        }

        List<Value?> parts = [];
        for (int i = First; i < n.InputCount; i += Group)
        {
            if (!n.Has(i) || !n.Has(i + 1))
            {
                return n.Fail($"input {(n.Has(i) ? i + 1 : i)} is absent.");
            }

            parts.Add(Requantization.Dequantize(n, i));
        }

        return [Requantization.Quantize(n, n.Call(new Concat(n.Int("axis")), [.. parts]), 0, First)];
    }
}
