using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>GroupNorm of X + skip + bias; the sum is an output too. A skip [N, C] counts for every pixel.</summary>
internal static class SkipGroupNormImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("SkipGroupNorm", Import)
        .Inputs("X", "gamma", "beta", "skip", "bias?").Outputs("Y", "S?")
        .AttributesOf(GroupNormImport.Schema, "channels_last").Only("channels_last", 1L);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (!n.RequireRank(0, 4) || !n.RequireRank(3, 2, 4))
        {
            return null;
        }

        Value skip = n.Shape(3).Rank == 2 ? Counting.Unsqueeze(n, n[3]!, 1, 2) : n[3]!;
        Value sum = n.Call(new Add(), n[0], skip);
        sum = n.Has(4) ? n.Call(new Add(), sum, n[4]) : sum;
        return GroupNormImport.Normalize(n, ChannelsLast.ToFirst(n, sum, 4), last: true) is { } y ? [y, sum] : null;
    }
}
