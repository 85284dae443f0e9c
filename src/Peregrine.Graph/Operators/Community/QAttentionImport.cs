using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Self-attention whose input and weights are quantised; from the projection on it computes in floats.</summary>
internal static class QAttentionImport
{
    private const int Mask = 5, InputZero = 6, WeightZero = 7, Past = 8, None = 9;

    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("QAttention", Import)
        .Inputs("input", "weight", "bias", "input_scale", "weight_scale", "mask_index?", "input_zero_point?", "weight_zero_point?", "past?").Outputs("output", "present?")
        .Int("num_heads").Flag("unidirectional").Float("mask_filter_value", -10000).Float("scale", 0)
        .Only("do_rotary", 0L).Only("past_present_share_buffer", 0L);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (!n.RequireRank(0, 3) || n.RequireExtent(1, 1) is not { } total)
        {
            return null;
        }

        if (total < 3 || total % 3 != 0)
        {
            return n.Fail($"weight is {n[1]!.Type}; its columns must be Q, K and V of one size.");
        }

        Value projected = IntegerProduct.ToFloat(n, n[0]!, n[1]!, n[3]!, n[4]!, n[InputZero], n[WeightZero], n[2]);
        return AttentionImport.Attend(n, projected, Ints.Create([total / 3, total / 3, total / 3]), Mask, Past, None);
    }
}
