using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the sequence operators have in common.</summary>
internal static class SequenceTypes
{
    /// <summary>The type of one item. Dimensions that differ between the items stand as data-dependent symbols in a sequence's type; each item taken out has its own.</summary>
    public static IrType ItemType(this InferenceScope c, SequenceType sequence)
    {
        IrType item = sequence.Element == IrType.Unknown ? new TensorType(DataType.Undefined, Shape.Unranked) : sequence.Element;
        return TypeJoin.MapDims(item, dim => dim.Symbols.Any(s => c.Symbols.Find(s) is { IsDataDependent: true }) ? c.FreshSymbol(dim) : dim);
    }

    /// <summary>The sequence type of an input, or null after an error.</summary>
    public static SequenceType? RequireSequence(this InferenceScope c, int input)
    {
        if (c.TypeOf(input) is SequenceType sequence)
        {
            return sequence;
        }

        c.Error("PG2103", $"input {input} is {c.TypeOf(input)}, but must be a sequence.");
        return null;
    }

    /// <summary>The type of a sequence that also holds an item of this type, or null after an error.</summary>
    public static SequenceType? With(this InferenceScope c, SequenceType sequence, IrType item)
    {
        if (c.Join(sequence.Element, item) is { } joined)
        {
            return new SequenceType(joined);
        }

        c.Error("PG2160", $"an item of type {item} does not fit into {sequence}; all items must have one element type.");
        return null;
    }

    /// <summary>A position in [0, count) (or [0, count] for inserting), from a scalar that counts from the end where it is negative.</summary>
    public static int Position(this EvaluationScope c, int input, int count, bool inserting)
    {
        if (c.Input(input).Length != 1)
        {
            throw c.Fail("PG2161", $"the position is {c.Input(input)}, but must be a scalar.");
        }

        long position = c.Read<long>(input)[0];
        return position >= -count && (position < count || (inserting && position == count))
            ? (int)(position < 0 ? position + count : position)
            : throw c.Fail("PG2161", $"position {position} is outside of [{-count}, {(inserting ? count : count - 1)}] for a sequence of {count} items.");
    }
}
