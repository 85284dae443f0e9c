using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Rewriting;

/// <summary>A value that an operator of type <typeparamref name="TOperator"/> (or derived from it) made.</summary>
public sealed class OperatorPattern<TOperator> : Pattern
    where TOperator : Operator
{
    private readonly Pattern[] _inputs;
    private readonly Capture<TOperator>? _capture;
    private readonly int _output;
    private readonly Pattern? _anyInput;

    internal OperatorPattern(Pattern[] inputs, Capture<TOperator>? capture = null, int output = 0, Pattern? anyInput = null)
    {
        _anyInput = anyInput;
        _inputs = inputs;
        _capture = capture;
        _output = output;
    }

    internal override Type RootOperator => typeof(TOperator);

    /// <summary>Binds the operator.</summary>
    public OperatorPattern<TOperator> As(Capture<TOperator> capture) => new(_inputs, capture, _output, _anyInput);

    /// <summary>The value is output <paramref name="index"/> of the operator, not its first.</summary>
    public OperatorPattern<TOperator> Output(int index) => new(_inputs, _capture, index, _anyInput);

    /// <summary>At least one input, whichever, matches <paramref name="input"/>.</summary>
    public OperatorPattern<TOperator> WithSomeInput(Pattern input) => new(_inputs, _capture, _output, input);

    internal override bool Match(Value? value, MatchState state, Func<bool> next)
    {
        if (value?.Producer is not { Operator: TOperator } node || value.OutputIndex != _output)
        {
            return false;
        }

        // Without input patterns, the inputs may be anything; with some, every further input must be absent.
        if (_inputs.Length > 0 && node.Inputs.Count > _inputs.Length)
        {
            return false;
        }

        return state.Enter(node, _capture, () =>
            MatchSomeInput(node, state, () => MatchInputs(node, 0, swapped: false, state, next)
            || (_inputs.Length == 2 && node.Inputs.Count == 2 && Commutativity.Holds(node) && MatchInputs(node, 0, swapped: true, state, next))));
    }

    private bool MatchSomeInput(Node node, MatchState state, Func<bool> next) =>
        _anyInput is null ? next() : node.Inputs.Any(i => _anyInput.Match(i, state, next));

    private bool MatchInputs(Node node, int index, bool swapped, MatchState state, Func<bool> next)
    {
        if (index == _inputs.Length)
        {
            return next();
        }

        int source = swapped ? 1 - index : index;
        Value? input = source < node.Inputs.Count ? node.Inputs[source] : null;
        return _inputs[index].Match(input, state, () => MatchInputs(node, index + 1, swapped, state, next));
    }
}
