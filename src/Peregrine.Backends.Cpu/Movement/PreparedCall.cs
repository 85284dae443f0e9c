using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Makes what a kernel prepares for certain dims.</summary>
internal delegate TPrepared Prepare<TPrepared, TState>(in KernelArguments arguments, TState state);

/// <summary>What a kernel has prepared for the dims and steering values of a call, kept in the slot table until they change.</summary>
internal sealed class PreparedCall<TPrepared> where TPrepared : class
{
    private readonly long[] _key;
    private readonly TPrepared _prepared;

    private PreparedCall(long[] key, TPrepared prepared)
    {
        _key = key;
        _prepared = prepared;
    }

    /// <summary>Several workers may prepare the same at the same time: what is prepared is immutable, and any of the copies will do.</summary>
    /// <param name="steering">Inputs of int32 or int64 whose values count, too.</param>
    public static TPrepared Of<TState>(in KernelArguments arguments, ReadOnlySpan<int> steering, TState state, Prepare<TPrepared, TState> prepare)
    {
        ref object? kept = ref arguments.Slots.States[arguments.StepIndex];
        if (Volatile.Read(ref kept) is PreparedCall<TPrepared> call && call.IsCurrent(arguments, steering))
        {
            return call._prepared;
        }

        List<long> key = [];
        Collector collector = new(key);
        Walk(arguments, steering, ref collector);
        call = new([.. key], prepare(arguments, state));
        Volatile.Write(ref kept, call);
        return call._prepared;
    }

    private bool IsCurrent(in KernelArguments arguments, ReadOnlySpan<int> steering)
    {
        Comparer comparer = new(_key);
        Walk(arguments, steering, ref comparer);
        return comparer.IsEqual;
    }

    private static void Walk<TVisitor>(in KernelArguments arguments, ReadOnlySpan<int> steering, ref TVisitor visitor) where TVisitor : struct, IVisitor, allows ref struct
    {
        KernelStep step = arguments.Step;
        for (int i = 0; i < step.Inputs.Count; i++)
        {
            if (step.Inputs[i] >= 0)
            {
                visitor.Visit(arguments.InputDims(i));
            }
        }

        for (int i = 0; i < step.Outputs.Count; i++)
        {
            if (step.Outputs[i] >= 0)
            {
                visitor.Visit(arguments.OutputDims(i));
            }
        }

        foreach (int input in steering)
        {
            if (input < step.Inputs.Count && step.Inputs[input] >= 0)
            {
                long count = Tensor.CountElements(arguments.InputDims(input));
                for (long i = 0; i < count; i++)
                {
                    visitor.Visit(SteeringValues.At(arguments, input, i));
                }
            }
        }
    }

    private interface IVisitor
    {
        void Visit(scoped ReadOnlySpan<long> dims);

        void Visit(long value);
    }

    private readonly struct Collector(List<long> key) : IVisitor
    {
        public void Visit(scoped ReadOnlySpan<long> dims)
        {
            foreach (long dim in dims)
            {
                key.Add(dim);
            }
        }

        public void Visit(long value) => key.Add(value);
    }

    private ref struct Comparer(ReadOnlySpan<long> key) : IVisitor
    {
        private ReadOnlySpan<long> _rest = key;
        private bool _differs;

        public readonly bool IsEqual => !_differs && _rest.IsEmpty;

        public void Visit(scoped ReadOnlySpan<long> dims)
        {
            if (_differs || !_rest.StartsWith(dims))
            {
                _differs = true;
                return;
            }

            _rest = _rest[dims.Length..];
        }

        public void Visit(long value) => Visit(new ReadOnlySpan<long>(in value));
    }
}

/// <summary>Reads small integer operands.</summary>
internal static unsafe class SteeringValues
{
    /// <summary>Element <paramref name="index"/> of an operand of int32 or int64.</summary>
    public static long At(in KernelArguments arguments, int input, long index) =>
        arguments.Step.Request.Inputs[input].Type == DataType.Int32 ? ((int*)arguments.Input(input))[index] : ((long*)arguments.Input(input))[index];

    /// <summary>All elements; null if the operand is absent.</summary>
    public static long[]? Of(in KernelArguments arguments, int input)
    {
        if (input >= arguments.Step.Inputs.Count || arguments.Step.Inputs[input] < 0)
        {
            return null;
        }

        long[] values = new long[Tensor.CountElements(arguments.InputDims(input))];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = At(arguments, input, i);
        }

        return values;
    }
}
