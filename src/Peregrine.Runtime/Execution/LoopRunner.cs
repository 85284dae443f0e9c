using Peregrine.Diagnostics;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>Runs a <see cref="LoopStep"/>: ONNX's Loop, with carried values handed from iteration to iteration and scan outputs stacked.</summary>
internal static class LoopRunner
{
    public static void Run(PlanRunner outer, int index, LoopStep step, CancellationToken cancellation)
    {
        PlanRunner body = outer.Child(index, 0);
        long limit = step.Inputs[0] < 0 ? long.MaxValue : outer.ScalarOf(step, 0);
        bool goesOn = step.Inputs[1] < 0 || outer.ScalarOf(step, 1) != 0;
        int carriedCount = step.CarriedCount, scanCount = Math.Max(0, step.Outputs.Count - carriedCount);
        object?[] values = [.. step.Inputs.Skip(2).Select(s => outer.Memory.Get((int)s))];
        List<Tensor>[] scans = [.. Enumerable.Range(0, scanCount).Select(_ => new List<Tensor>())];
        for (long iteration = 0; iteration < limit && goesOn; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            body.BindInputs([Tensor.Scalar(iteration), Tensor.Of<bool>([], [true]), .. values]);
            body.Run(cancellation);
            goesOn = Truth(step, body.Result(0));
            for (int i = 0; i < carriedCount; i++)
            {
                // The body's memory is reused by its next run.
                values[i] = Copy(body.Result(1 + i));
            }

            for (int i = 0; i < scanCount; i++)
            {
                if (step.Outputs[carriedCount + i] >= 0)
                {
                    scans[i].Add((body.Result(1 + carriedCount + i) as Tensor)?.Clone()
                        ?? throw new ModelException(Diagnostic.Error("PG3002", $"Loop \"{step.Name}\": only tensors can be stacked, but scan output {i} is {body.Result(1 + carriedCount + i)}.")));
                }
            }
        }

        for (int i = 0; i < Math.Min(carriedCount, step.Outputs.Count); i++)
        {
            if (step.Outputs[i] >= 0)
            {
                outer.Memory.Set((int)step.Outputs[i], Copy(values[i]!));
            }
        }

        for (int i = 0; i < scanCount; i++)
        {
            int slot = (int)step.Outputs[carriedCount + i];
            if (slot >= 0)
            {
                outer.Memory.Set(slot, Stack(outer, step, scans[i], outer.Plan.Slots[slot]));
            }
        }
    }

    private static bool Truth(LoopStep step, object condition) => condition is Tensor { Length: 1 } tensor
        ? tensor.Data.Span[0] != 0
        : throw new ModelException(Diagnostic.Error("PG3001", $"Loop \"{step.Name}\": the body's condition must have one element, but is {condition}."));

    private static object Copy(object value) => value is Tensor tensor ? tensor.Clone() : value;

    private static Tensor Stack(PlanRunner outer, LoopStep step, List<Tensor> items, BufferSlot slot)
    {
        if (items.Count == 0)
        {
            Ir.TensorType type = (Ir.TensorType)slot.Type;
            // No iteration has told the shape of an item; what the input shapes decide is known all the same.
            long[] empty = type.Shape.IsRanked ? [.. type.Shape.Select((d, axis) => axis > 0 && d.Symbols.All(outer.Memory.IsKnown) ? d.Evaluate(outer.Memory.SymbolValue) : 0)] : [0];
            return Tensor.Allocate(type.ElementType, empty);
        }

        Tensor first = items[0];
        if (items.Find(t => !t.Dims.SequenceEqual(first.Dims)) is { } other)
        {
            throw new ModelException(Diagnostic.Error("PG3002", $"Loop \"{step.Name}\": scan output \"{slot.Name}\" is {first} in one iteration and {other} in another; its shape must not change."));
        }

        if (first.Type == DataType.String)
        {
            return new([items.Count, .. first.Dims], [.. items.SelectMany(t => t.Strings)]);
        }

        Tensor stacked = Tensor.Allocate(first.Type, [items.Count, .. first.Dims]);
        if (first.Type.Bits() >= 8)
        {
            for (int i = 0; i < items.Count; i++)
            {
                items[i].Data.CopyTo(stacked.Data[(i * first.Data.Length)..]);
            }

            return stacked;
        }

        for (long i = 0; i < stacked.Length; i++)
        {
            PackedElements.SetBits(first.Type.Bits(), stacked.Data.Span, i, PackedElements.GetBits(first.Type.Bits(), items[(int)(i / first.Length)].Data.Span, i % first.Length));
        }

        return stacked;
    }
}
