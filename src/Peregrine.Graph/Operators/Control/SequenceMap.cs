using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Runs a body for each item of the first input (a sequence). The body is closed: its inputs are the item, the items of further sequence inputs at the same position or further tensor inputs
/// as they are, then <paramref name="CaptureCount"/> captures as they are. Each of its outputs becomes a sequence.
/// The attribute <c>capture_count</c> is not ONNX's: it belongs to the closed form and is added when a body is closed.
/// </summary>
public sealed record SequenceMap(Graph Body, long CaptureCount = 0) : Operator, ISubgraphOperator
{
    public static readonly Schema<SequenceMap> Schema = new Schema<SequenceMap>("SequenceMap", since: 17, a => new(a.Graph("body"), a.Int(ISubgraphOperator.CaptureCountAttribute)))
        .Inputs("input_sequence", "additional_inputs...?").Outputs("out_sequence...")
        .Graph("body", o => o.Body)
        .Int(ISubgraphOperator.CaptureCountAttribute, o => o.CaptureCount, 0);

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Body];

    public override void Infer(InferenceScope c)
    {
        if (c.InputCount != Body.Inputs.Count || c.OutputCount > Body.Outputs.Count || CaptureCount < 0 || CaptureCount >= c.InputCount)
        {
            c.Error("PG2150", $"it has {c.InputCount} inputs ({CaptureCount} of them captures) and {c.OutputCount} outputs, its body \"{Body.Name}\" {Body.Inputs.Count} and {Body.Outputs.Count}.");
            return;
        }

        IrType[] types = new IrType[c.InputCount];
        for (int i = 0; i < types.Length; i++)
        {
            if (!c.Has(i) || (i == 0 && c.TypeOf(0) is not SequenceType))
            {
                c.Error("PG2157", $"input {i} is {(c.Has(i) ? c.TypeOf(i) : "absent")}; {(i == 0 ? "it must be a sequence" : "all inputs must be there")}.");
                return;
            }

            types[i] = IsMapped(i) && c.TypeOf(i) is SequenceType sequence ? c.ItemType(sequence) : c.TypeOf(i);
        }

        if (c.InferSubgraph(Body, types) is { } outputs)
        {
            for (int i = 0; i < c.OutputCount; i++)
            {
                c.Set(i, new SequenceType(c.Outward(outputs[i])));
            }
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        TensorSequence first = (TensorSequence)c.InputValue(0);
        object[][] items = new object[Body.Outputs.Count][];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = new object[first.Count];
        }

        object?[] values = new object?[c.InputCount];
        for (int position = 0; position < first.Count; position++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = c.InputValue(i);
                if (IsMapped(i) && values[i] is TensorSequence sequence)
                {
                    values[i] = sequence.Count == first.Count ? sequence.Items[position] : throw c.Fail("PG2157", $"input {i} is a sequence of {sequence.Count} items, but the first one has {first.Count}.");
                }
            }

            object?[] results = c.Run(Body, values);
            for (int i = 0; i < items.Length; i++)
            {
                items[i][position] = results[i] ?? throw c.Fail("PG2157", $"the body gave no value for its output {i}.");
            }
        }

        for (int i = 0; i < c.OutputCount; i++)
        {
            c.Set(i, new TensorSequence(items[i]));
        }
    }

    private bool IsMapped(int input) => input < Body.Inputs.Count - CaptureCount;
}
