using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Which way a recurrent operator walks its sequence.</summary>
public enum RecurrentDirection
{
    Forward,
    Reverse,
    Bidirectional,
}

/// <summary>
/// What RNN, GRU and LSTM share. X is [steps, batch, input] (<see cref="BatchFirst"/>: [batch, steps, input]), W [directions, gates·hidden, input], R [directions, gates·hidden, hidden],
/// B [directions, 2·gates·hidden]; Y is [steps, directions, batch, hidden] (batch first: [batch, steps, directions, hidden]), the last states [directions, batch, hidden]
/// (batch first: [batch, directions, hidden]). Steps past a sequence's length give zeros.
/// </summary>
public abstract record RecurrentOperator(Floats ActivationAlpha, Floats ActivationBeta, Texts? Activations, float? Clip, RecurrentDirection Direction, long? HiddenSize, bool BatchFirst) : Operator
{
    private protected RecurrentOperator(AttributeReader a)
        : this(a.Floats("activation_alpha"), a.Floats("activation_beta"), a.OptionalTexts("activations"), a.OptionalFloat("clip"), a.Choice<RecurrentDirection>("direction"), a.OptionalInt("hidden_size"), a.Flag("layout"))
    {
    }

    public override Accuracy Accuracy => Accuracy.Approximate;

    public int Directions => Direction == RecurrentDirection.Bidirectional ? 2 : 1;

    private protected abstract int Gates { get; }

    private protected abstract IReadOnlyList<string> DefaultActivations { get; }

    /// <summary>Whether the operator has a cell state: input initial_c, output Y_c.</summary>
    private protected virtual bool HasMemory => false;

    /// <summary>Gates whose recurrence product is wanted before the step, and whose recurrence bias joins the input's.</summary>
    private protected virtual int PlainGates => Gates;

    private protected abstract void Step(ref RecurrentCell cell);

    private protected static Schema<T> Declare<T>(Schema<T> schema) where T : RecurrentOperator => schema
        .Floats("activation_alpha", o => o.ActivationAlpha, Floats.Empty).Floats("activation_beta", o => o.ActivationBeta, Floats.Empty).OptionalTexts("activations", o => o.Activations)
        .OptionalFloat("clip", o => o.Clip)
        .Choice("direction", o => o.Direction, RecurrentDirection.Forward, ("forward", RecurrentDirection.Forward), ("reverse", RecurrentDirection.Reverse), ("bidirectional", RecurrentDirection.Bidirectional))
        .OptionalInt("hidden_size", o => o.HiddenSize).Flag("layout", o => o.BatchFirst, false).Added(14, "layout")
        .Legacy("output_sequence");

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || !c.Require(2, type) || (c.Has(4) && !c.Require(4, DataType.Int32)))
        {
            return;
        }

        IReadOnlyList<string> names = Activations is { } given ? [.. given] : [];
        // The standard's default of RNN names both directions whatever the direction is, and ONNX Runtime writes it out like that; what is too many is not used.
        if (names.Count != 0 && names.Count != DefaultActivations.Count * Directions && names.Count != DefaultActivations.Count * 2)
        {
            c.Error("PG2401", $"it needs {DefaultActivations.Count * Directions} activations ({DefaultActivations.Count} per direction), but has {names.Count}.");
            return;
        }

        if (RecurrentActivation.TryParse(names, ActivationAlpha, ActivationBeta, out string unknown) is null)
        {
            c.Error("PG2402", $"the activation \"{unknown}\" is unknown.");
            return;
        }

        Shape? state = c.IsRanked(0) && c.IsRanked(2) ? CheckShapes(c) : null;
        if (state is null)
        {
            c.Set(0, type, Shape.Unranked);
            c.Set(1, type, Shape.Unranked);
            c.Set(2, type, Shape.Unranked);
            return;
        }

        (Dim steps, Dim batch, Dim hidden) = (state[0], state[1], state[2]);
        Shape last = BatchFirst ? [batch, Directions, hidden] : [Directions, batch, hidden];
        c.Set(0, type, BatchFirst ? [batch, steps, Directions, hidden] : [steps, Directions, batch, hidden]);
        c.Set(1, type, last);
        c.Set(2, type, last);
    }

    /// <summary>Checks all ranked inputs against each other; [steps, batch, hidden], or null after an error.</summary>
    private Shape? CheckShapes(InferenceScope c)
    {
        Shape x = c.Shape(0), r = c.Shape(2);
        if (x.Rank != 3 || r.Rank != 3)
        {
            c.Error("PG2403", $"X has the shape {x} and R {r}; both must have rank 3.");
            return null;
        }

        (Dim steps, Dim batch) = BatchFirst ? (x[1], x[0]) : (x[0], x[1]);
        Dim hidden = r[2], gates = hidden * Gates;
        if (HiddenSize is { } size && Dim.ProvablyDifferent(size, hidden))
        {
            c.Error("PG2404", $"hidden_size is {size}, but R has the shape {r}.");
            return null;
        }

        Shape state = BatchFirst ? [batch, Directions, hidden] : [Directions, batch, hidden];
        return Check(1, [Directions, gates, x[2]]) && Check(2, [Directions, gates, hidden]) && Check(3, [Directions, 2 * gates]) && Check(4, [batch]) && Check(5, state)
            && (!HasMemory || (Check(6, state) && Check(7, [Directions, 3 * hidden])))
            ? [steps, batch, hidden]
            : null;

        bool Check(int input, Shape expected)
        {
            if (!c.Has(input) || !c.IsRanked(input))
            {
                return true;
            }

            Shape actual = c.Shape(input);
            if (actual.Rank == expected.Rank && !Enumerable.Range(0, actual.Rank).Any(i => Dim.ProvablyDifferent(actual[i], expected[i])))
            {
                return true;
            }

            c.Error("PG2404", $"input {input} ({Definition.InputFormals[input].Name}) has the shape {actual}, but must have {expected} ({Directions} directions, {Gates} gates, hidden size {hidden}).");
            return false;
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        int steps = (int)dims[BatchFirst ? 1 : 0], batch = (int)dims[BatchFirst ? 0 : 1], width = (int)dims[2], hidden = (int)c.Dims(2)[2], gates = Gates * hidden, plain = PlainGates * hidden;
        ReadOnlySpan<double> x = c.Read<double>(0), weights = c.Read<double>(1), recurrences = c.Read<double>(2);
        ReadOnlySpan<double> biases = c.Has(3) ? c.Read<double>(3) : default, peepholes = HasMemory && c.Has(7) ? c.Read<double>(7) : default;
        ReadOnlySpan<int> lengths = LengthsOf(c, steps, batch);
        Span<double> y = c.Wants(0) ? c.Write<double>(0) : default;
        y.Clear();
        Span<double> lastState = c.Wants(1) ? c.Write<double>(1) : default, lastMemory = c.Wants(2) ? c.Write<double>(2) : default;
        RecurrentActivation[] functions = FunctionsOf(c);
        Span<double> fromInput = c.Scratch<double>((long)steps * batch * gates), fromHidden = c.Scratch<double>((long)batch * gates), transposed = c.Scratch<double>((long)hidden * gates);
        Span<double> state = c.Scratch<double>((long)batch * hidden), memory = c.Scratch<double>((long)batch * hidden), bias = c.Scratch<double>(gates), room = c.Scratch<double>(2L * hidden);
        int rows = Math.Max(steps * batch, 1);
        Span<double> workspace = c.Scratch<double>(Math.Max(ReferenceGemm.WorkspaceLength(rows, gates, width), Math.Max(ReferenceGemm.WorkspaceLength(batch, gates, hidden), ReferenceGemm.WorkspaceLength(1, gates, hidden))));
        for (int direction = 0; direction < Directions; direction++)
        {
            bool reverse = direction == 1 || Direction == RecurrentDirection.Reverse;
            ReadOnlySpan<double> w = weights.Slice(direction * gates * width, gates * width), b = biases.IsEmpty ? default : biases.Slice(direction * 2 * gates, 2 * gates);
            Transpose(recurrences.Slice(direction * gates * hidden, gates * hidden), gates, hidden, transposed);
            for (int i = 0; i < gates; i++)
            {
                bias[i] = b.IsEmpty ? 0 : i < plain ? b[i] + b[gates + i] : b[i];
            }

            ReferenceGemm.Multiply(steps * batch, gates, width, 1, MatrixView<double>.RowMajor(x, width), MatrixView<double>.Transposed(w, width), 1, new MatrixView<double>(bias, 0, 1), fromInput, gates, workspace);
            LoadState(c, 5, direction, batch, hidden, state);
            LoadState(c, HasMemory ? 6 : int.MaxValue, direction, batch, hidden, memory);
            for (int step = 0; step < steps; step++)
            {
                c.Cancellation.ThrowIfCancellationRequested();
                ReferenceGemm.Multiply(batch, plain, hidden, 1, MatrixView<double>.RowMajor(state, hidden), MatrixView<double>.RowMajor(transposed, gates), 0, default, fromHidden, gates, workspace);
                for (int sequence = 0; sequence < batch; sequence++)
                {
                    int length = lengths.IsEmpty ? steps : lengths[sequence];
                    if (step >= length)
                    {
                        continue;
                    }

                    int time = reverse ? length - 1 - step : step, row = BatchFirst ? (sequence * steps) + time : (time * batch) + sequence;
                    RecurrentCell cell = new()
                    {
                        Hidden = hidden,
                        Functions = functions.AsSpan(direction * DefaultActivations.Count, DefaultActivations.Count),
                        Clip = Clip is { } clip and > 0 ? clip : double.PositiveInfinity,
                        FromInput = fromInput.Slice(row * gates, gates),
                        FromHidden = fromHidden.Slice(sequence * gates, gates),
                        Recurrence = transposed,
                        RecurrenceBias = b.IsEmpty ? default : b[gates..],
                        Peepholes = peepholes.IsEmpty ? default : peepholes.Slice(direction * 3 * hidden, 3 * hidden),
                        State = state.Slice(sequence * hidden, hidden),
                        Memory = memory.Slice(sequence * hidden, hidden),
                        Room = room,
                        Workspace = workspace,
                    };
                    Step(ref cell);
                    if (!y.IsEmpty)
                    {
                        int target = BatchFirst ? (row * Directions) + direction : (((time * Directions) + direction) * batch) + sequence;
                        cell.State.CopyTo(y[(target * hidden)..]);
                    }
                }
            }

            StoreState(state, direction, batch, hidden, lastState);
            StoreState(memory, direction, batch, hidden, lastMemory);
        }
    }

    private RecurrentActivation[] FunctionsOf(EvaluationScope c)
    {
        if (c.State is RecurrentActivation[] ready)
        {
            return ready;
        }

        IReadOnlyList<string> names = Activations is { Count: > 0 } given ? [.. given] : [.. Enumerable.Repeat(DefaultActivations, Directions).SelectMany(n => n)];
        RecurrentActivation[] functions = RecurrentActivation.TryParse(names, ActivationAlpha, ActivationBeta, out string unknown) ?? throw c.Fail("PG2402", $"the activation \"{unknown}\" is unknown.");
        c.State = functions;
        return functions;
    }

    private static ReadOnlySpan<int> LengthsOf(EvaluationScope c, int steps, int batch)
    {
        if (!c.Has(4))
        {
            return default;
        }

        ReadOnlySpan<int> lengths = c.Read<int>(4);
        for (int i = 0; i < batch; i++)
        {
            if (lengths[i] < 0 || lengths[i] > steps)
            {
                throw c.Fail("PG2405", $"sequence_lens[{i}] is {lengths[i]}, but X has {steps} steps.");
            }
        }

        return lengths;
    }

    private void LoadState(EvaluationScope c, int input, int direction, int batch, int hidden, Span<double> state)
    {
        state.Clear();
        if (!c.Has(input))
        {
            return;
        }

        ReadOnlySpan<double> initial = c.Read<double>(input);
        for (int sequence = 0; sequence < batch; sequence++)
        {
            initial.Slice(StateRow(direction, sequence, batch) * hidden, hidden).CopyTo(state[(sequence * hidden)..]);
        }
    }

    private void StoreState(ReadOnlySpan<double> state, int direction, int batch, int hidden, Span<double> target)
    {
        for (int sequence = 0; sequence < batch && !target.IsEmpty; sequence++)
        {
            state.Slice(sequence * hidden, hidden).CopyTo(target[(StateRow(direction, sequence, batch) * hidden)..]);
        }
    }

    private int StateRow(int direction, int sequence, int batch) => BatchFirst ? (sequence * Directions) + direction : (direction * batch) + sequence;

    private static void Transpose(ReadOnlySpan<double> source, int rows, int columns, Span<double> target)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                target[(j * rows) + i] = source[(i * columns) + j];
            }
        }
    }
}
