namespace Peregrine.Operators;

/// <summary>The index of the largest element along an axis; of several equal ones the first, or the last if so wanted.</summary>
public sealed record ArgMax(long Axis = 0, bool KeepDims = true, bool SelectLastIndex = false) : ArgReduction(Axis, KeepDims, SelectLastIndex)
{
    public static readonly Schema<ArgMax> Schema = Declare("ArgMax", (axis, keepDims, last) => new ArgMax(axis, keepDims, last));

    public override OperatorSchema Definition => Schema;

    protected override bool Largest => true;
}
