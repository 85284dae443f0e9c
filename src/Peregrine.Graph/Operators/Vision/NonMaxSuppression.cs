using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Greedy selection of boxes [batch, boxes, 4] by scores [batch, classes, boxes]: per image and class the best box stays and those that overlap it by more than the threshold go.
/// The result lists [batch, class, box] in the order of selection; of equal scores the lower index comes first.
/// </summary>
public sealed record NonMaxSuppression(bool CenterPointBox = false) : Operator
{
    public static readonly Schema<NonMaxSuppression> Schema = new Schema<NonMaxSuppression>("NonMaxSuppression", since: 10, a => new(a.Flag("center_point_box")))
        .Inputs("boxes", "scores", "max_output_boxes_per_class?", "iou_threshold?", "score_threshold?").Outputs("selected_indices")
        .Flag("center_point_box", o => o.CenterPointBox, false);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Float32) || !c.Require(1, DataType.Float32) || (c.Has(2) && !c.Require(2, DataType.Int64)) || (c.Has(3) && !c.Require(3, DataType.Float32)) || (c.Has(4) && !c.Require(4, DataType.Float32)))
        {
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(0, DataType.Int64, [c.FreshSymbol(null), 3]);
            return;
        }

        Shape boxes = c.Shape(0), scores = c.Shape(1);
        if (boxes.Rank != 3 || scores.Rank != 3 || Dim.ProvablyDifferent(boxes[2], 4) || Dim.ProvablyDifferent(boxes[0], scores[0]) || Dim.ProvablyDifferent(boxes[1], scores[2]))
        {
            c.Error("PG2317", $"boxes {boxes} must be [batch,boxes,4] and scores {scores} [batch,classes,boxes].");
            return;
        }

        Dim perClass = c.Has(2) ? c.ConstantInts(2) is [var most] ? Dim.Min(Math.Max(most, 0), boxes[1]) : boxes[1] : 0;
        c.Set(0, DataType.Int64, [c.FreshSymbol(scores[0] * scores[1] * perClass), 3]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<float> boxes = c.Read<float>(0), scores = c.Read<float>(1);
        ReadOnlySpan<long> dims = c.Dims(1);
        int count = (int)dims[2], classes = (int)dims[1];
        long most = c.Has(2) && c.Input(2).Length > 0 ? c.Read<long>(2)[0] : 0;
        float overlap = c.Has(3) && c.Input(3).Length > 0 ? c.Read<float>(3)[0] : 0;
        float least = c.Has(4) && c.Input(4).Length > 0 ? c.Read<float>(4)[0] : float.NegativeInfinity;
        List<long> selected = [];
        int[] order = new int[count];
        long[] keys = new long[count];
        for (int item = 0; item < (int)dims[0] * classes && most > 0; item++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<float> own = scores.Slice(item * count, count), places = boxes.Slice(item / classes * count * 4, count * 4);
            int candidates = 0;
            for (int box = 0; box < count; box++)
            {
                if (own[box] > least)
                {
                    keys[candidates++] = ((long)Descending(own[box]) << 32) | (uint)box;
                }
            }

            keys.AsSpan(0, candidates).Sort();
            for (int i = 0; i < candidates; i++)
            {
                order[i] = (int)keys[i];
            }

            int start = selected.Count;
            for (int i = 0; i < candidates && (selected.Count - start) / 3 < most; i++)
            {
                bool stays = true;
                for (int j = start; j < selected.Count && stays; j += 3)
                {
                    stays = Overlap(places.Slice(order[i] * 4, 4), places.Slice((int)selected[j + 2] * 4, 4)) <= overlap;
                }

                if (stays)
                {
                    selected.AddRange([item / classes, item % classes, order[i]]);
                }
            }
        }

        long[] result = [.. selected];
        result.CopyTo(c.Output(0, DataType.Int64, result.Length / 3, 3).Span<long>());
    }

    /// <summary>An integer that is the smaller, the larger the score is; the box's index in the bits below breaks ties.</summary>
    private static int Descending(float score)
    {
        int bits = BitConverter.SingleToInt32Bits(score + 0f);
        return ~(bits < 0 ? bits ^ int.MaxValue : bits);
    }

    /// <summary>Intersection over union.</summary>
    private float Overlap(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        (float y1, float x1, float y2, float x2) = Corners(a);
        (float v1, float u1, float v2, float u2) = Corners(b);
        float height = Math.Min(y2, v2) - Math.Max(y1, v1), width = Math.Min(x2, u2) - Math.Max(x1, u1);
        if (height <= 0 || width <= 0)
        {
            return 0;
        }

        float intersection = height * width, union = ((y2 - y1) * (x2 - x1)) + ((v2 - v1) * (u2 - u1)) - intersection;
        return union <= 0 ? 0 : intersection / union;
    }

    /// <summary>Sorted corners; a box is any two opposite corners (y, x), or centre and extent (x, y, width, height).</summary>
    private (float Y1, float X1, float Y2, float X2) Corners(ReadOnlySpan<float> box) => CenterPointBox
        ? (box[1] - (box[3] / 2), box[0] - (box[2] / 2), box[1] + (box[3] / 2), box[0] + (box[2] / 2))
        : (Math.Min(box[0], box[2]), Math.Min(box[1], box[3]), Math.Max(box[0], box[2]), Math.Max(box[1], box[3]));
}
