using Peregrine.Ir;

namespace Peregrine.Rewriting;

/// <summary>
/// A condition on a value and on what made it; see <see cref="Rewrite"/> for how patterns are written. Patterns are immutable and hold no match state.
/// Matching passes the rest of the work on as a continuation, so that every order of a commutative operator's inputs is tried in combination with every other.
/// </summary>
public abstract class Pattern
{
    /// <summary>The type of operator that can make the value; null if any value may match.</summary>
    internal virtual Type? RootOperator => null;

    /// <summary>Only values used once: what a fusion may absorb.</summary>
    public Pattern SingleUse() => Where(v => v.Uses.Count == 1, v => $"%{v.Name} has {v.Uses.Count} uses");

    /// <summary>Only constants, of this rank if one is given.</summary>
    public Pattern Constant(int? rank = null) =>
        Where(v => v.Constant is not null && (rank is null || v.Constant.Data.Rank == rank), v => $"{v} is no constant{(rank is null ? "" : $" of rank {rank}")}");

    /// <summary>Only constants of one element.</summary>
    public Pattern ScalarConstant() => Where(v => v.Constant is { Data.Length: 1 }, v => $"{v} is no constant of one element");

    /// <summary>Only values that satisfy <paramref name="condition"/>; <paramref name="reason"/> tells why one does not.</summary>
    public Pattern Where(Func<Value, bool> condition, Func<Value, string>? reason = null) => new ConditionPattern(this, condition, reason ?? (v => $"{v} does not satisfy a condition"));

    /// <summary>An absent optional input matches too.</summary>
    public Pattern Optional() => new OptionalPattern(this);

    /// <summary>Matches <paramref name="value"/>, then calls <paramref name="next"/>; undoes its bindings and returns false if that fails.</summary>
    internal abstract bool Match(Value? value, MatchState state, Func<bool> next);
}

/// <summary>Any value; all places of one variable must hold the same value. <c>m[X]</c> is what it matched.</summary>
public sealed class Var : Pattern
{
    internal override bool Match(Value? value, MatchState state, Func<bool> next) => value is not null && state.Bind(this, value, next);
}

/// <summary>Binds a matched operator: <c>Op&lt;Conv&gt;(X, W).As(Conv)</c>, then <c>m.Get(Conv)</c> has its typed attributes.</summary>
public sealed class Capture<TOperator>
    where TOperator : Operators.Operator
{
}

/// <summary>Any present value, without a name.</summary>
internal sealed class AnyPattern : Pattern
{
    internal override bool Match(Value? value, MatchState state, Func<bool> next) => value is not null && next();
}

internal sealed class OptionalPattern(Pattern inner) : Pattern
{
    internal override bool Match(Value? value, MatchState state, Func<bool> next) => value is null ? next() : inner.Match(value, state, next);
}

internal sealed class ConditionPattern(Pattern inner, Func<Value, bool> condition, Func<Value, string> reason) : Pattern
{
    internal override Type? RootOperator => inner.RootOperator;

    // The structure below comes first: a near miss is a condition that fails where everything else fits.
    internal override bool Match(Value? value, MatchState state, Func<bool> next) => value is not null && inner.Match(value, state, () =>
    {
        if (condition(value))
        {
            return next();
        }

        state.Miss(reason(value));
        return false;
    });
}

/// <summary>One of several patterns, tried in order.</summary>
internal sealed class ChoicePattern(Pattern[] choices) : Pattern
{
    // The rewriter looks rules up by it: the nearest type that all choices' operators derive from.
    internal override Type? RootOperator => choices.Select(c => c.RootOperator).Aggregate(CommonBase);

    private static Type? CommonBase(Type? left, Type? right)
    {
        while (left is not null && right is not null && !left.IsAssignableFrom(right))
        {
            left = left.BaseType;
        }

        return right is null ? null : left;
    }

    internal override bool Match(Value? value, MatchState state, Func<bool> next) => Array.Exists(choices, c => c.Match(value, state, next));
}
