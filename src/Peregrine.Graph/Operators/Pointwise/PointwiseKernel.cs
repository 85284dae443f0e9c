using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The reference kernel of all pointwise operators: the body's expression over blocks of elements, floats in double (rounded once, when stored), integers in 64 bits.</summary>
internal static class PointwiseKernel
{
    public static void Run(PointwiseOperator op, EvaluationScope c)
    {
        Prepared prepared = Prepare(op, c);
        PointwiseProgram program = prepared.Program;
        Tensor output = c.Output(0);
        for (int i = 0; i < program.Types.Length; i++)
        {
            if (c.Has(i))
            {
                prepared.Readers[i].Bind(c.Dims(i), output.Dims);
            }
        }

        Span<long> slots = c.Scratch<long>((long)program.SlotCount * PointwiseBlocks.Length);
        for (long start = 0; start < output.Length; start += PointwiseBlocks.Length)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(PointwiseBlocks.Length, output.Length - start);
            foreach (ref readonly PointwiseInstruction step in program.Instructions.AsSpan())
            {
                if (step.Step == PointwiseStep.Operand)
                {
                    int operand = (int)step.Data;
                    Load(c.Input(operand), prepared.Readers[operand], start, PointwiseBlocks.Slot(slots, step.Target, count));
                }
                else
                {
                    PointwiseBlocks.Execute(step, slots, count);
                }
            }

            ConversionBlocks.Store(output.Type, PointwiseBlocks.Slot(slots, program.ResultSlot, count), output.Data.Span, start);
        }
    }

    private static void Load(Tensor source, BroadcastReader reader, long start, Span<long> target)
    {
        for (int done = 0; done < target.Length;)
        {
            int length = reader.Run(start + done, target.Length - done, out long first, out int stride);
            Span<long> run = target.Slice(done, length);
            if (stride == 1)
            {
                ConversionBlocks.Load(source.Type, source.Data.Span, first, run);
            }
            else
            {
                ConversionBlocks.Load(source.Type, source.Data.Span, first, run[..1]);
                run[1..].Fill(run[0]);
            }

            done += length;
        }
    }

    private static Prepared Prepare(PointwiseOperator op, EvaluationScope c)
    {
        if (c.State is Prepared ready && Fits(ready.Program.Types, c))
        {
            return ready;
        }

        DataType[] types = new DataType[c.InputCount];
        BroadcastReader[] readers = new BroadcastReader[c.InputCount];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = TypeOf(c, i);
            readers[i] = new();
        }

        Prepared prepared = new(PointwiseProgram.Compile(op.Body(new(types)), types), readers);
        c.State = prepared;
        return prepared;
    }

    private static bool Fits(DataType[] types, EvaluationScope c)
    {
        bool fits = types.Length == c.InputCount;
        for (int i = 0; fits && i < types.Length; i++)
        {
            fits = types[i] == TypeOf(c, i);
        }

        return fits;
    }

    private static DataType TypeOf(EvaluationScope c, int input) => c.Has(input) ? c.Input(input).Type : DataType.Undefined;

    private sealed record Prepared(PointwiseProgram Program, BroadcastReader[] Readers);
}
