using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The reference kernel of <see cref="Attention"/>: one query row at a time, in double.</summary>
internal static class AttentionKernel
{
    public static void Run(Attention operation, EvaluationScope c)
    {
        HeadLayout query = HeadLayout.Of(c.Dims(0), operation.QueryHeads ?? 0);
        HeadLayout key = HeadLayout.Of(c.Dims(1), operation.KeyHeads ?? 0), value = HeadLayout.Of(c.Dims(2), operation.KeyHeads ?? 0);
        ReadOnlySpan<double> q = c.Read<double>(0);
        ReadOnlySpan<double> k = Present(c, 1, Attention.PastKey, 1, ref key), v = Present(c, 2, Attention.PastValue, 2, ref value);
        int past = key.Length - (int)c.Dims(1)[query.Packed ? 1 : 2];
        ReadOnlySpan<long> valid = c.Has(Attention.ValidLengths) ? c.Read<long>(Attention.ValidLengths) : [];
        MaskReader mask = c.Has(Attention.Mask) ? new(c) : default;
        HeadLayout result = query with { Size = value.Size };
        Span<double> y = c.Write<double>(0);
        y.Clear();
        Span<double> shown = c.Wants(3) ? c.Write<double>(3) : [];
        Span<double> scores = c.Scratch<double>(key.Length), bias = c.Scratch<double>(key.Length);
        double scale = operation.Scale ?? 1 / Math.Sqrt(query.Size);
        for (int row = 0; row < query.Batch * query.Heads * query.Length; row++)
        {
            int batch = row / (query.Heads * query.Length), head = row / query.Length % query.Heads, position = row % query.Length;
            if (position == 0)
            {
                c.Cancellation.ThrowIfCancellationRequested();
            }

            int keyHead = head / (query.Heads / key.Heads);
            ReadOnlySpan<double> queryRow = q.Slice(query.Row(batch, head, position), query.Size);
            Span<double> shownRow = shown.IsEmpty ? [] : shown.Slice(row * key.Length, key.Length);
            for (int j = 0; j < key.Length; j++)
            {
                scores[j] = DoubleRows.Dot(queryRow, k.Slice(key.Row(batch, keyHead, j), key.Size)) * scale;
            }

            Show(operation, AttentionScores.Raw, scores, shownRow);
            if (operation.SoftCap > 0)
            {
                for (int j = 0; j < scores.Length; j++)
                {
                    scores[j] = operation.SoftCap * Math.Tanh(scores[j] / operation.SoftCap);
                }
            }

            Show(operation, AttentionScores.Capped, scores, shownRow);
            long length = valid.IsEmpty ? key.Length : valid[batch];
            long offset = valid.IsEmpty ? past : length - query.Length;
            mask.Fill(bias, batch, head, position);
            bool visible = false;
            for (int j = 0; j < scores.Length; j++)
            {
                long ahead = j - (position + offset);
                if ((operation.IsCausal && ahead > 0) || j >= length || (operation.LeftWindow >= 0 && -ahead > operation.LeftWindow) || (operation.RightWindow >= 0 && ahead > operation.RightWindow))
                {
                    bias[j] = double.NegativeInfinity;
                }

                visible |= !double.IsNegativeInfinity(bias[j]);
                // A masked key stays masked whatever its score is, NaN and infinity included.
                scores[j] = double.IsNegativeInfinity(bias[j]) ? double.NegativeInfinity : scores[j] + bias[j];
            }

            Show(operation, AttentionScores.Biased, scores, shownRow);
            Softmax(scores, visible);
            Show(operation, AttentionScores.Probabilities, scores, shownRow);
            Span<double> output = y.Slice(result.Row(batch, head, position), result.Size);
            for (int j = 0; j < scores.Length; j++)
            {
                if (scores[j] != 0)
                {
                    DoubleRows.AddScaled(output, scores[j], v.Slice(value.Row(batch, keyHead, j), value.Size));
                }
            }
        }
    }

    /// <summary>In place; all 0 if nothing is visible or every score is -infinity.</summary>
    internal static void Softmax(Span<double> scores, bool visible)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (double score in scores)
        {
            max = Math.Max(max, score);
        }

        if (!visible || double.IsNegativeInfinity(max))
        {
            scores.Clear();
            return;
        }

        for (int j = 0; j < scores.Length; j++)
        {
            sum += scores[j] = Math.Exp(scores[j] - max);
        }

        for (int j = 0; j < scores.Length; j++)
        {
            scores[j] /= sum;
        }
    }

    private static void Show(Attention operation, AttentionScores stage, ReadOnlySpan<double> scores, Span<double> shown)
    {
        if (!shown.IsEmpty && operation.ScoresMode == stage)
        {
            scores.CopyTo(shown);
        }
    }

    /// <summary>Past and new rows as [batch, heads, past + new, size], which becomes the layout; written to the output if that is wanted.</summary>
    private static ReadOnlySpan<double> Present(EvaluationScope c, int input, int past, int output, ref HeadLayout layout)
    {
        ReadOnlySpan<double> now = c.Read<double>(input);
        if (!layout.Packed && !c.Has(past) && !c.Wants(output))
        {
            return now;
        }

        ReadOnlySpan<double> before = c.Has(past) ? c.Read<double>(past) : [];
        int length = c.Has(past) ? (int)c.Dims(past)[2] : 0;
        HeadLayout source = layout, earlier = layout with { Length = length, Packed = false };
        layout = layout with { Length = length + source.Length, Packed = false };
        Span<double> present = c.Wants(output) ? c.Write<double>(output) : c.Scratch<double>((long)layout.Batch * layout.Heads * layout.Length * layout.Size);
        for (int batch = 0; batch < layout.Batch; batch++)
        {
            for (int head = 0; head < layout.Heads; head++)
            {
                for (int position = 0; position < layout.Length; position++)
                {
                    ReadOnlySpan<double> row = position < length
                        ? before.Slice(earlier.Row(batch, head, position), layout.Size)
                        : now.Slice(source.Row(batch, head, position - length), layout.Size);
                    row.CopyTo(present[layout.Row(batch, head, position)..]);
                }
            }
        }

        return present;
    }

    /// <summary>Rows of attn_mask as numbers to add; without a mask, zeros.</summary>
    private readonly ref struct MaskReader
    {
        private readonly ReadOnlySpan<double> _values;
        private readonly bool _isPresent;
        private readonly bool _isBool;
        private readonly int _length;
        private readonly (int Batch, int Head, int Row) _stride;

        public MaskReader(EvaluationScope c)
        {
            ReadOnlySpan<long> dims = c.Dims(Attention.Mask);
            _values = c.Read<double>(Attention.Mask);
            _isPresent = true;
            _isBool = c.Input(Attention.Mask).Type == DataType.Bool;
            _length = (int)dims[^1];
            long rows = dims.Length > 1 ? dims[^2] : 1, heads = dims.Length > 2 ? dims[^3] : 1, batches = dims.Length > 3 ? dims[^4] : 1;
            _stride = (batches == 1 ? 0 : (int)(heads * rows * _length), heads == 1 ? 0 : (int)(rows * _length), rows == 1 ? 0 : _length);
        }

        public void Fill(Span<double> bias, int batch, int head, int position)
        {
            if (!_isPresent)
            {
                bias.Clear();
                return;
            }

            ReadOnlySpan<double> row = _values.Slice((batch * _stride.Batch) + (head * _stride.Head) + (position * _stride.Row), _length);
            bias.Fill(double.NegativeInfinity);
            for (int j = 0; j < row.Length; j++)
            {
                bias[j] = _isBool ? row[j] == 0 ? double.NegativeInfinity : 0 : row[j];
            }
        }
    }
}
