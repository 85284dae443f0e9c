using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Runs a body at most <c>M</c> times, as long as its condition holds; an absent M or condition does not limit it.
/// <list type="bullet">
/// <item>Inputs: M (or absent), condition (or absent), the initial carried values, then <paramref name="CaptureCount"/> captures.</item>
/// <item>The body is closed. Its inputs: iteration (int64 scalar), condition, carried values, the same captures. Its outputs: condition, carried values, scan outputs.</item>
/// <item>Outputs: the last carried values (tensors, sequences or optionals), then the scan outputs stacked along a new first axis.</item>
/// </list>
/// The attribute <c>capture_count</c> is not ONNX's: it belongs to the closed form and is added when a body is closed.
/// </summary>
public sealed record Loop(Graph Body, long CaptureCount = 0) : Operator, ISubgraphOperator
{
    public static readonly Schema<Loop> Schema = new Schema<Loop>("Loop", since: 1, a => new(a.Graph("body"), a.Int(ISubgraphOperator.CaptureCountAttribute))).Inputs("M?", "cond?", "v_initial...?").Outputs("v_final_and_scan_outputs...?")
        .Graph("body", o => o.Body)
        .Int(ISubgraphOperator.CaptureCountAttribute, o => o.CaptureCount, 0);

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Body];

    /// <summary>Values that go from one iteration into the next.</summary>
    public int CarriedCount => (int)(Body.Inputs.Count - 2 - CaptureCount);

    public override void Infer(InferenceScope c)
    {
        if (CaptureCount < 0 || CarriedCount < 0 || c.InputCount != Body.Inputs.Count || Body.Outputs.Count < 1 + CarriedCount || c.OutputCount > Body.Outputs.Count - 1)
        {
            c.Error("PG2150", $"it has {c.InputCount} inputs ({CaptureCount} of them captures) and {c.OutputCount} outputs, its body \"{Body.Name}\" {Body.Inputs.Count} and {Body.Outputs.Count}; the body takes iteration, condition and the carried values, and gives condition, the carried values and scan outputs.");
            return;
        }

        if ((c.Has(0) && !c.Require(0, DataType.Int64)) || (c.Has(1) && !c.Require(1, DataType.Bool)) || !OneElement(c, 0) || !OneElement(c, 1))
        {
            return;
        }

        for (int i = 2; i < c.InputCount; i++)
        {
            if (!c.Has(i))
            {
                c.Error("PG2106", $"the carried value {i - 2} is absent.");
                return;
            }
        }

        IrType[] carried = [.. Enumerable.Range(2, CarriedCount).Select(c.TypeOf)];
        int[] captures = [.. Enumerable.Range(2 + CarriedCount, (int)CaptureCount)];
        IReadOnlyList<Dim>? initial = c.Has(1) ? c.ValueOf(1) : [Dim.One];
        bool startsTrue = initial is [{ IsConstant: true, Constant: not 0 }];

        // If the condition is true where it starts and the body keeps a true one true, it is always true.
        IReadOnlyList<Dim>?[] contents = [null, startsTrue ? [Dim.One] : null, .. carried.Select(_ => (IReadOnlyList<Dim>?)null), .. captures.Select(c.ValueOf)];
        if (c.InferRepeated(Body, [BodyInference.Scalar(DataType.Int64), BodyInference.Scalar(DataType.Bool)], carried, [.. captures.Select(c.TypeOf)], contents, 1) is not { } outputs)
        {
            return;
        }

        if (outputs[0] is not TensorType { ElementType: DataType.Bool })
        {
            c.Error("PG2154", $"the body's first output is the condition and must be bool, but is {outputs[0]}.");
            return;
        }

        bool endless = startsTrue && Body.Outputs[0].Value.Contents is [{ IsConstant: true, Constant: not 0 }];
        Dim? limit = c.ValueOf(0) is [var m] ? c.IsNonNegative(m) ? m : Dim.Max(m, 0) : null;
        Dim trips = initial is [{ IsConstant: true, Constant: 0 }] ? Dim.Zero : endless && limit is { } all ? all : c.FreshSymbol(limit);
        for (int i = 0; i < c.OutputCount; i++)
        {
            if (i < CarriedCount)
            {
                // An optional that starts the loop is what the body makes of it afterwards.
                c.Set(i, c.Outward(carried[i] is OptionalType optional && outputs[1 + i] is not OptionalType ? optional.Element : carried[i]));
            }
            else if (c.Stacked(c.Outward(outputs[1 + i]), trips, 0, i) is { } stacked)
            {
                c.Set(i, stacked);
            }
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        long limit = c.Has(0) ? c.Read<long>(0)[0] : long.MaxValue;
        bool condition = !c.Has(1) || c.Input(1).Data.Span[0] != 0;
        object?[] values = new object?[Body.Inputs.Count];
        for (int i = 2; i < values.Length; i++)
        {
            values[i] = c.Has(i) ? c.InputValue(i) : null;
        }

        ScanCollector[] scans = [.. Enumerable.Range(CarriedCount, Body.Outputs.Count - 1 - CarriedCount).Select(i => new ScanCollector(c, i, Body.Outputs[i + 1].Value.Type))];
        for (long iteration = 0; iteration < limit && condition; iteration++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            values[0] = Tensor.Scalar(iteration);
            values[1] = Tensor.Scalar(condition);
            object?[] results = c.Run(Body, values);
            condition = results[0] is Tensor { Type: DataType.Bool, Length: 1 } next ? next.Data.Span[0] != 0 : throw c.Fail("PG2154", $"the body's condition is {results[0]}, but must be one bool.");
            Array.Copy(results, 1, values, 2, CarriedCount);
            for (int i = 0; i < scans.Length; i++)
            {
                if (c.Wants(CarriedCount + i))
                {
                    scans[i].Add(results[1 + CarriedCount + i]);
                }
            }
        }

        for (int i = 0; i < c.OutputCount; i++)
        {
            if (i < CarriedCount)
            {
                object? last = values[2 + i];
                if (last is OptionalValue optional && Body.Outputs[1 + i].Value.Type is not OptionalType)
                {
                    last = optional.Value ?? throw c.Fail("PG2164", $"carried value {i} is an empty optional and no iteration has replaced it.");
                }

                c.Set(i, last);
            }
            else if (c.Wants(i))
            {
                scans[i - CarriedCount].Finish();
            }
        }
    }

    private static bool OneElement(InferenceScope c, int input)
    {
        if (c.Has(input) && c.IsRanked(input) && Dim.ProvablyDifferent(c.Shape(input).ElementCount, Dim.One))
        {
            c.Error("PG2154", $"input {input} ({Schema.InputFormals[input].Name}) is {c.TypeOf(input)}, but must have exactly one element.");
            return false;
        }

        return true;
    }
}
