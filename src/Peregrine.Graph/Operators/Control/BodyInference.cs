using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the inferences of operators with bodies have in common.</summary>
internal static class BodyInference
{
    /// <summary>
    /// The type as it may be stated outside of a body: a dimension that hangs on a symbol which only the body knows becomes a fresh symbol, because such a symbol has another value in each run of the body.
    /// </summary>
    public static IrType Outward(this InferenceScope c, IrType type)
    {
        HashSet<string> known = [.. Enumerable.Range(0, c.InputCount).Where(c.Has).SelectMany(i => TypeJoin.Symbols(c.TypeOf(i))), .. Enumerable.Range(0, c.InputCount).SelectMany(i => c.ValueOf(i) ?? []).SelectMany(d => d.Symbols)];
        return TypeJoin.MapDims(type, dim => dim.Symbols.All(known.Contains) ? dim : c.FreshSymbol(dim));
    }

    /// <summary>
    /// Infers a body that is run repeatedly. Carried types that change from one iteration to the next are widened (a dimension to an unbounded symbol, a rank to unranked) until they no longer do.
    /// Returns the types of the body's outputs, or null after an error; <paramref name="carried"/> then holds what covers every iteration.
    /// </summary>
    /// <param name="before">Types of the body's inputs before the carried ones.</param>
    /// <param name="carried">Types of the initial values; widened in place.</param>
    /// <param name="after">Types of the body's inputs behind the carried ones.</param>
    /// <param name="contents">Contents of the body's inputs, where they are the same in every iteration.</param>
    /// <param name="firstOutput">The body's output that is the first carried one.</param>
    public static IReadOnlyList<IrType>? InferRepeated(this InferenceScope c, Graph body, IReadOnlyList<IrType> before, IrType[] carried, IReadOnlyList<IrType> after, IReadOnlyList<IReadOnlyList<Dim>?> contents, int firstOutput)
    {
        HashSet<string> widened = [];
        while (true)
        {
            if (c.InferSubgraph(body, [.. before, .. carried, .. after], contents) is not { } outputs)
            {
                return null;
            }

            if (outputs.Count < firstOutput + carried.Length)
            {
                c.Error("PG2150", $"the body \"{body.Name}\" has {outputs.Count} outputs, but {firstOutput + carried.Length} at least are needed for {carried.Length} carried values.");
                return null;
            }

            bool changed = false;
            for (int i = 0; i < carried.Length; i++)
            {
                if (TypeJoin.Join(carried[i], outputs[firstOutput + i], Widen) is not { } joined)
                {
                    c.Error("PG2151", $"carried value {i} is {carried[i]} before an iteration of the body \"{body.Name}\", but {outputs[firstOutput + i]} behind it.");
                    return null;
                }

                changed |= joined != carried[i];
                carried[i] = joined;
            }

            if (!changed)
            {
                return outputs;
            }
        }

        Dim Widen(Dim initial, Dim later)
        {
            if (initial.SymbolName is { } name && widened.Contains(name))
            {
                return initial;
            }

            Dim symbol = c.FreshSymbol(null);
            widened.Add(symbol.SymbolName!);
            return symbol;
        }
    }

    /// <summary>The type of a scalar.</summary>
    public static TensorType Scalar(DataType type) => new(type, Shape.Scalar);

    /// <summary>A scan output's type: that of one iteration with the trip count as an axis more.</summary>
    public static TensorType? Stacked(this InferenceScope c, IrType item, Dim trips, long axis, int output)
    {
        if (item is not TensorType tensor)
        {
            c.Error("PG2152", $"scan output {output} is {item}; only tensors can be stacked.");
            return null;
        }

        if (!tensor.Shape.IsRanked)
        {
            return tensor;
        }

        int at = c.Axis(axis, tensor.Shape.Rank + 1, "scan_output_axes");
        return tensor with { Shape = Shape.From([.. tensor.Shape.Take(at), trips, .. tensor.Shape.Skip(at)]) };
    }
}
