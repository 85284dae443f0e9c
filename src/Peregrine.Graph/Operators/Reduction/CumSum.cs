namespace Peregrine.Operators;

/// <summary>The running sum along an axis.</summary>
public sealed record CumSum(bool Exclusive = false, bool Reverse = false) : CumulativeOperator(Exclusive, Reverse)
{
    public static readonly Schema<CumSum> Schema = Declare("CumSum", since: 11, (exclusive, reverse) => new CumSum(exclusive, reverse));

    public override OperatorSchema Definition => Schema;

    protected override T Combine<T>(T left, T right, bool neutral) => neutral ? T.Zero : left + right;
}
