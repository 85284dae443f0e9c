using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The sum of the embeddings of words, positions and segments, and its LayerNormalization. mask_index counts the ones of each row of the mask (0 without a mask).</summary>
internal static class EmbedLayerNormalizationImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("EmbedLayerNormalization", Import)
        .Inputs("input_ids", "segment_ids?", "word_embedding", "position_embedding", "segment_embedding?", "gamma", "beta", "mask?", "position_ids?")
        .Outputs("output", "mask_index?", "embedding_sum?")
        .Float("epsilon", 1e-12f).Ignore("mask_index_type");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        const int Segments = 1, SegmentTable = 4, Mask = 7, Positions = 8;
        if (n.Has(Segments) != n.Has(SegmentTable))
        {
            return n.Fail("segment_ids and segment_embedding go together; only one of them is given.");
        }

        Value ids = n[0]!;
        Value positions = n[Positions] ?? Counting.UpTo(n, Counting.Extent(n, ids, 1));
        Value sum = n.Call(new Add(), n.Call(new Gather(), n[2], ids), n.Call(new Gather(), n[3], positions));
        if (n.Has(Segments))
        {
            sum = n.Call(new Add(), sum, n.Call(new Gather(), n[SegmentTable], n[Segments]));
        }

        Value output = n.Call(new LayerNormalization(-1, n.Float("epsilon")), sum, n[5], n[6]);
        Value? maskIndex = !n.Wants(1) ? null
            : n[Mask] is { } mask ? n.Call(new ReduceSum(KeepDims: false), mask, n.Integers(1))
            : n.Call(new Expand(), n.Constant("zero", Tensor.Scalar(0)), Counting.Extent(n, ids, 0));
        return [output, maskIndex, sum];
    }
}
