using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Reverses, for each entry of the batch, its first <c>sequence_lens</c> steps in time; the rest stays.</summary>
public sealed record ReverseSequence(long BatchAxis = 1, long TimeAxis = 0) : Operator
{
    public static readonly Schema<ReverseSequence> Schema = new Schema<ReverseSequence>("ReverseSequence", since: 10, a => new(a.Int("batch_axis"), a.Int("time_axis"))).Inputs("input", "sequence_lens").Outputs("Y")
        .Int("batch_axis", o => o.BatchAxis, 1)
        .Int("time_axis", o => o.TimeAxis, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(1, DataType.Int64, DataType.Int32))
        {
            return;
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
        if (!c.IsRanked(0))
        {
            return;
        }

        Shape input = c.Shape(0);
        int batch = c.Axis(BatchAxis, input.Rank, "batch_axis"), time = c.Axis(TimeAxis, input.Rank, "time_axis");
        if (input.Rank < 2 || batch == time)
        {
            c.Error("PG2143", $"the input is {input}, batch_axis {BatchAxis}, time_axis {TimeAxis}; two different axes are needed.");
        }
        else if (c.IsRanked(1) && (c.Shape(1).Rank != 1 || Dim.ProvablyDifferent(c.Shape(1)[0], input[batch])))
        {
            c.Error("PG2143", $"sequence_lens is {c.Shape(1)}, but must hold one length for each of the {input[batch]} entries of the batch.");
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        int rank = source.Rank, batch = c.Axis(BatchAxis, rank), time = c.Axis(TimeAxis, rank);
        c.CopyElements(0, 0);
        Span<long> strides = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> backwards = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> dims = rank <= 16 ? stackalloc long[rank] : new long[rank];
        StridedCopy.RowMajor(source.Dims, strides);
        strides.CopyTo(backwards);
        backwards[time] = -strides[time];
        source.Dims.CopyTo(dims);
        dims[batch] = 1;
        ReadOnlySpan<long> lengths = c.Read<long>(1);
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] < 0 || lengths[i] > source.Dims[time])
            {
                throw c.Fail("PG2143", $"sequence_lens[{i}] is {lengths[i]}, but must be in [0, {source.Dims[time]}].");
            }

            dims[time] = lengths[i];
            StridedCopy.Copy(source, (i * strides[batch]) + ((lengths[i] - 1) * strides[time]), backwards, target, i * strides[batch], strides, dims);
        }
    }
}
