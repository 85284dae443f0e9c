namespace Peregrine.Operators;

/// <summary>The index of the smallest element along an axis; of several equal ones the first, or the last if so wanted.</summary>
public sealed record ArgMin(long Axis = 0, bool KeepDims = true, bool SelectLastIndex = false) : ArgReduction(Axis, KeepDims, SelectLastIndex)
{
    public static readonly Schema<ArgMin> Schema = Declare("ArgMin", (axis, keepDims, last) => new ArgMin(axis, keepDims, last));

    public override OperatorSchema Definition => Schema;

    protected override bool Largest => false;
}
