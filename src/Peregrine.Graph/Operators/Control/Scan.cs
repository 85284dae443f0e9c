using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Runs a body once for each position along the scan axis of its scan inputs, carrying state.
/// <list type="bullet">
/// <item>Inputs: initial states, <paramref name="ScanInputCount"/> scan inputs, then <paramref name="CaptureCount"/> captures.</item>
/// <item>The body is closed. Its inputs: states, one slice of each scan input, the same captures. Its outputs: states, scan outputs.</item>
/// <item>Outputs: the last states, then the scan outputs stacked along their axes. Direction 1 reads an input from its end, or writes an output from its end.</item>
/// </list>
/// The attribute <c>capture_count</c> is not ONNX's: it belongs to the closed form and is added when a body is closed.
/// </summary>
public sealed record Scan(Graph Body, long ScanInputCount, Ints? InputAxes = null, Ints? InputDirections = null, Ints? OutputAxes = null, Ints? OutputDirections = null, long CaptureCount = 0) : Operator, ISubgraphOperator
{
    public static readonly Schema<Scan> Schema = new Schema<Scan>("Scan", since: 9, a => new(a.Graph("body"), a.Int("num_scan_inputs"), a.OptionalInts("scan_input_axes"), a.OptionalInts("scan_input_directions"),
            a.OptionalInts("scan_output_axes"), a.OptionalInts("scan_output_directions"), a.Int(ISubgraphOperator.CaptureCountAttribute)))
        .Inputs("initial_state_and_scan_inputs...").Outputs("final_state_and_scan_outputs...")
        .Graph("body", o => o.Body)
        .Int("num_scan_inputs", o => o.ScanInputCount)
        .OptionalInts("scan_input_axes", o => o.InputAxes)
        .OptionalInts("scan_input_directions", o => o.InputDirections)
        .OptionalInts("scan_output_axes", o => o.OutputAxes)
        .OptionalInts("scan_output_directions", o => o.OutputDirections)
        .Int(ISubgraphOperator.CaptureCountAttribute, o => o.CaptureCount, 0)
        .Import(8, 8, BatchedScan.Import);

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Body];

    public int StateCount => (int)(Body.Inputs.Count - ScanInputCount - CaptureCount);

    public override void Infer(InferenceScope c)
    {
        int scanOutputs = Body.Outputs.Count - StateCount;
        if (ScanInputCount < 1 || CaptureCount < 0 || StateCount < 0 || c.InputCount != Body.Inputs.Count || scanOutputs < 0 || c.OutputCount > Body.Outputs.Count)
        {
            c.Error("PG2150", $"it has {c.InputCount} inputs ({CaptureCount} of them captures), {c.OutputCount} outputs and num_scan_inputs {ScanInputCount}, its body \"{Body.Name}\" {Body.Inputs.Count} inputs and {Body.Outputs.Count} outputs; these do not fit together.");
            return;
        }

        if (!Fits(c, InputAxes, (int)ScanInputCount, "scan_input_axes") || !Fits(c, InputDirections, (int)ScanInputCount, "scan_input_directions")
            || !Fits(c, OutputAxes, scanOutputs, "scan_output_axes") || !Fits(c, OutputDirections, scanOutputs, "scan_output_directions"))
        {
            return;
        }

        for (int i = 0; i < c.InputCount; i++)
        {
            if (!c.Has(i))
            {
                c.Error("PG2106", $"input {i} is absent.");
                return;
            }
        }

        Dim? length = null;
        IrType[] slices = new IrType[ScanInputCount];
        for (int i = 0; i < slices.Length; i++)
        {
            int input = StateCount + i;
            if (c.TypeOf(input) is not TensorType { Shape: { IsRanked: true } shape } type)
            {
                slices[i] = c.TypeOf(input);
                continue;
            }

            if (shape.Rank == 0)
            {
                c.Error("PG2156", $"scan input {i} is a scalar; there is no axis to scan.");
                return;
            }

            int axis = c.Axis(InputAxes?[i] ?? 0, shape.Rank, "scan_input_axes");
            length = length is { } known ? c.Unify(known, shape[axis], () => $"scan input {i} is {shape} with {shape[axis]} elements on axis {axis}, the ones before it have {known}.") : shape[axis];
            slices[i] = type with { Shape = Shape.From(shape.Where((_, d) => d != axis)) };
        }

        IrType[] states = [.. Enumerable.Range(0, StateCount).Select(c.TypeOf)];
        int[] captures = [.. Enumerable.Range(c.InputCount - (int)CaptureCount, (int)CaptureCount)];
        IReadOnlyList<Dim>?[] contents = [.. Enumerable.Repeat<IReadOnlyList<Dim>?>(null, StateCount + slices.Length), .. captures.Select(c.ValueOf)];
        if (c.InferRepeated(Body, [], states, [.. slices, .. captures.Select(c.TypeOf)], contents, 0) is not { } outputs)
        {
            return;
        }

        Dim trips = length ?? c.FreshSymbol(null);
        for (int i = 0; i < c.OutputCount; i++)
        {
            if (i < StateCount)
            {
                c.Set(i, c.Outward(states[i]));
            }
            else if (c.Stacked(c.Outward(outputs[i]), trips, OutputAxes?[i - StateCount] ?? 0, i) is { } stacked)
            {
                c.Set(i, stacked);
            }
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        object?[] values = new object?[Body.Inputs.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = c.InputValue(i);
        }

        long length = -1;
        int[] axes = new int[ScanInputCount];
        for (int i = 0; i < axes.Length; i++)
        {
            Tensor input = c.Input(StateCount + i);
            axes[i] = c.Axis(InputAxes?[i] ?? 0, input.Rank);
            if (length >= 0 && length != input.Dims[axes[i]])
            {
                throw c.Fail("PG2156", $"scan input {i} is {input} with {input.Dims[axes[i]]} elements on axis {axes[i]}, the ones before it have {length}.");
            }

            length = input.Dims[axes[i]];
        }

        ScanCollector[] scans = [.. Enumerable.Range(StateCount, Body.Outputs.Count - StateCount).Select(i => new ScanCollector(c, i, Body.Outputs[i].Value.Type))];
        for (long step = 0; step < length; step++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < axes.Length; i++)
            {
                values[StateCount + i] = SliceAt(c.Input(StateCount + i), axes[i], InputDirections?[i] > 0 ? length - 1 - step : step);
            }

            object?[] results = c.Run(Body, values);
            Array.Copy(results, 0, values, 0, StateCount);
            for (int i = 0; i < scans.Length; i++)
            {
                if (c.Wants(StateCount + i))
                {
                    scans[i].Add(results[StateCount + i]);
                }
            }
        }

        for (int i = 0; i < c.OutputCount; i++)
        {
            if (i < StateCount)
            {
                c.Set(i, values[i]);
            }
            else if (c.Wants(i))
            {
                scans[i - StateCount].Finish(OutputAxes?[i - StateCount] ?? 0, OutputDirections?[i - StateCount] > 0);
            }
        }
    }

    /// <summary>The slice of rank one less at a position of an axis.</summary>
    private static Tensor SliceAt(Tensor source, int axis, long position)
    {
        long[] whole = new long[source.Rank];
        StridedCopy.RowMajor(source.Dims, whole);
        long[] dims = [.. source.Dims[..axis], .. source.Dims[(axis + 1)..]], from = [.. whole[..axis], .. whole[(axis + 1)..]], to = new long[dims.Length];
        Tensor slice = Tensor.Allocate(source.Type, dims);
        StridedCopy.RowMajor(dims, to);
        StridedCopy.Copy(source, position * whole[axis], from, slice, 0, to, dims);
        return slice;
    }

    private static bool Fits(InferenceScope c, Ints? values, int count, string attribute)
    {
        if (values is { } list && list.Count != count)
        {
            c.Error("PG2156", $"{attribute} {list} must hold {count} numbers.");
            return false;
        }

        return true;
    }
}
