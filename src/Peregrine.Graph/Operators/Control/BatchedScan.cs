using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Scan of opset 8: everything has a batch axis in front, the scan axis is 1, and an optional first input gives each sequence's length. It becomes a Scan over the batch around a Scan over the sequence;
/// a shorter sequence is cut before and its scan outputs are padded with zeros behind (ONNX leaves their contents open).
/// </summary>
internal static class BatchedScan
{
    public static IReadOnlyList<Value?>? Import(ImportScope s)
    {
        int scanned = (int)s.Attributes.Int("num_scan_inputs", 0), captures = (int)s.Attributes.Int(ISubgraphOperator.CaptureCountAttribute, 0);
        int states = s.Inputs.Count - 1 - scanned - captures;
        if (s.Attributes["body"] is not Graph body || scanned < 1 || states < 0 || body.Inputs.Count != states + scanned + captures || s.Inputs.Skip(1).Any(i => i is null))
        {
            return s.Error("PG2150", $"its {s.Inputs.Count} inputs and num_scan_inputs {scanned} do not fit its body.");
        }

        bool hasLengths = s[0] is not null;
        GraphBuilder batch = new(new Graph($"{s.NodeName}.batch", s.Builder.Graph.Symbols, s.Builder.Graph.Edits), new DiagnosticBag()) { NodeName = s.NodeName, Provenance = s.Builder.Provenance };
        List<Value> inputs = [];
        List<Value?> outer = hasLengths ? [s[0]] : [];
        Value? length = hasLengths ? batch.Input("length", new TensorType(s[0]!.Tensor?.ElementType ?? DataType.Int64, [])) : null;
        foreach (Value? input in s.Inputs.Skip(1))
        {
            bool isCapture = outer.Count - (hasLengths ? 1 : 0) >= states + scanned;
            inputs.Add(batch.Input($"in{inputs.Count}", isCapture ? input!.Type : WithoutFirstAxis(input!.Type)));
            outer.Add(input);
        }

        Value? most = null;
        if (length is not null)
        {
            Value lengths = batch.Call(new Reshape(), length, batch.Constant("one", 1L));
            most = batch.Call(new ShapeOf(0, 1), inputs[states]);
            for (int i = states; i < states + scanned; i++)
            {
                inputs[i] = batch.Call(new Slice(), inputs[i], batch.Constant("start", 0L), lengths, batch.Constant("axis", 0L));
            }
        }

        Scan sequence = new(body, scanned, null, s.Attributes.Ints("directions"), null, null, captures);
        IReadOnlyList<Value?> results = batch.CallMany(sequence, [.. inputs], body.Outputs.Count);
        for (int i = 0; i < results.Count; i++)
        {
            Value result = results[i]!;
            if (most is not null && i >= states)
            {
                // Concat with zeros would need their shape; padding the first axis needs only how many are missing.
                Value present = batch.Call(new ShapeOf(0, 1), result);
                Value missing = batch.Call(new Sub(), most, present);
                Value pads = batch.Call(new Concat(0), batch.Constant("front", 0L), missing);
                result = batch.Call(new Pad(), result, pads, null, batch.Constant("axis", 0L));
            }

            batch.Output($"out{i}", result);
        }

        return s.Call(new Scan(batch.Graph, outer.Count - captures, null, null, null, null, captures), [.. outer]);
    }

    private static IrType WithoutFirstAxis(IrType type) =>
        type is TensorType { Shape: { IsRanked: true, Rank: > 0 } shape } tensor ? tensor with { Shape = Symbolics.Shape.From(shape.Skip(1)) } : type;
}
