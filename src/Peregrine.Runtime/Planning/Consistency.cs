using System.Runtime.CompilerServices;

namespace Peregrine.Runtime.Planning;

/// <summary>A place in a plan at which rules are checked; texts are made only for a rule that is broken.</summary>
internal sealed class Consistency(string where)
{
    public string Where => where;

    public void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Violation violation)
    {
        if (!holds)
        {
            throw new InconsistencyException($"In {where}, {violation.Text}.");
        }
    }

    public void Require(bool holds, string violation)
    {
        if (!holds)
        {
            throw new InconsistencyException($"In {where}, {violation}.");
        }
    }
}

/// <summary>Ends a check at the first broken rule; never leaves <see cref="PlanValidator"/>.</summary>
internal sealed class InconsistencyException(string message) : Exception(message);

/// <summary>An interpolated text whose holes are not even evaluated while the rule holds.</summary>
[InterpolatedStringHandler]
internal ref struct Violation
{
    private DefaultInterpolatedStringHandler _text;

    public Violation(int literalLength, int formattedCount, bool holds, out bool isBroken)
    {
        isBroken = !holds;
        _text = isBroken ? new(literalLength, formattedCount) : default;
    }

    public string Text => _text.ToStringAndClear();

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);
}
