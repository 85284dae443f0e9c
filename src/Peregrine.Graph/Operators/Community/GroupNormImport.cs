using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>GroupNormalization of an image with the channels last (or second), and Swish behind it if activation is 1.</summary>
internal static class GroupNormImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GroupNorm", Import)
        .Inputs("X", "gamma", "beta").Outputs("Y")
        .Float("epsilon", 1e-5f).Int("groups").Int("activation").Flag("channels_last", true);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        bool last = n.Flag("channels_last");
        return (last ? ChannelsLast.ToFirst(n, 0) : n[0]) is { } x && Normalize(n, x, last) is { } y ? [y] : null;
    }

    /// <summary>The result for x [N, C, …] by the node's attributes, gamma (input 1) and beta (input 2); null after reporting an activation that is not known.</summary>
    public static Value? Normalize(ForeignNode n, Value x, bool last)
    {
        if (n.Int("activation") is not (0 or 1))
        {
            n.Fail($"activation={n.Int("activation")} is not supported; 0 (none) and 1 (SiLU) are.");
            return null;
        }

        DataType type = n.ElementType(0);
        Value y = n.Call(new GroupNormalization(n.Int("groups"), n.Float("epsilon")), x, Like(n, n[1]!, type), Like(n, n[2]!, type));
        y = n.Int("activation") == 1 ? n.Call(new Swish(), y) : y;
        return last ? ChannelsLast.FromFirst(n, y, n.Shape(0).Rank) : y;
    }

    private static Value Like(ForeignNode n, Value x, DataType type) => x.Tensor!.ElementType == type ? x : n.Call(new Cast(type), x);
}
