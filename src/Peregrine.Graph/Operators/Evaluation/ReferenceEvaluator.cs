using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Evaluates one operator on concrete values: infers with all contents known, then runs the reference kernel.</summary>
public static class ReferenceEvaluator
{
    /// <summary>The results, one per output; null for an output that is not wanted.</summary>
    /// <param name="inputs">Tensors, sequences, optionals; null where an optional input is absent.</param>
    /// <param name="inputTypes">Types of inputs that are no tensors (an empty sequence does not tell its element type); may be shorter.</param>
    /// <param name="symbols">Only for operators with bodies, whose types live in their own table.</param>
    public static object?[] Evaluate(Operator op, string nodeName, IReadOnlyList<object?> inputs, IReadOnlyList<IrType?> inputTypes, bool[] wanted, SymbolTable? symbols = null, CancellationToken cancellation = default) =>
        Evaluate(op, nodeName, inputs, inputTypes, wanted, symbols, null, cancellation);

    /// <summary>As above, with the values of the surrounding graph's symbols in <paramref name="symbolValue"/>, for operators that ask for them.</summary>
    public static object?[] Evaluate(Operator op, string nodeName, IReadOnlyList<object?> inputs, IReadOnlyList<IrType?> inputTypes, bool[] wanted, SymbolTable? symbols, Func<string, long>? symbolValue, CancellationToken cancellation)
    {
        // Inferring an operator with bodies would overwrite the types in its bodies, which other runs share; such operators evaluate without the types of their outputs.
        IrType[] types = op is ISubgraphOperator ? [.. wanted.Select(_ => IrType.Unknown)] : InferConcrete(op, nodeName, inputs, inputTypes, wanted, symbols ?? new());
        EvaluationScope scope = new(op, nodeName, inputs.Count, types, wanted, cancellation) { Symbols = symbolValue };
        for (int i = 0; i < inputs.Count; i++)
        {
            scope.BindInput(i, inputs[i]);
        }

        scope.Execute();
        object?[] results = new object?[wanted.Length];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = wanted[i] ? scope.Result(i) ?? throw new InternalCompilerException($"{op.Definition.Name} left its output {i} empty.") : null;
        }

        return results;
    }

    /// <summary>The output types for these very inputs; static except where the data decide.</summary>
    public static IrType[] InferConcrete(Operator op, string nodeName, IReadOnlyList<object?> inputs, IReadOnlyList<IrType?> inputTypes, bool[] wanted, SymbolTable symbols)
    {
        InferenceInput?[] known = new InferenceInput?[inputs.Count];
        for (int i = 0; i < known.Length; i++)
        {
            known[i] = inputs[i] switch
            {
                null => null,
                Tensor tensor => new(TypeOf(tensor), tensor, null),
                { } other => new(i < inputTypes.Count && inputTypes[i] is { } type and not TensorType ? type : TypeOf(other), null, null),
            };
        }

        DiagnosticBag diagnostics = new();
        InferenceScope scope = new(op, nodeName, "", known, wanted, symbols, diagnostics);
        scope.Run();
        diagnostics.ThrowIfErrors();
        return [.. Enumerable.Range(0, wanted.Length).Select(scope.OutputType)];
    }

    /// <summary>The type that a value shows by itself.</summary>
    public static IrType TypeOf(object value) => value switch
    {
        Tensor tensor => new TensorType(tensor.Type, Shape.Of(tensor.Dims)),
        TensorSequence { Count: > 0 } sequence => new SequenceType(sequence.Items.Select(TypeOf).Aggregate(Join)),
        TensorSequence => new SequenceType(IrType.Unknown),
        TensorMap map => new MapType(map.Keys.Type, map.Values.Type),
        OptionalValue { Value: { } inner } => new OptionalType(TypeOf(inner)),
        OptionalValue => new OptionalType(IrType.Unknown),
        _ => throw new ArgumentException($"{value.GetType()} is no value of a graph.", nameof(value)),
    };

    /// <summary>The narrowest type that covers both: dimensions that differ become unknown by dropping the rank.</summary>
    private static IrType Join(IrType left, IrType right) =>
        left == right ? left : left is TensorType a && right is TensorType b && a.ElementType == b.ElementType ? a with { Shape = Shape.Unranked } : IrType.Unknown;
}
