namespace Peregrine.Operators;

/// <summary>The running product along an axis.</summary>
public sealed record CumProd(bool Exclusive = false, bool Reverse = false) : CumulativeOperator(Exclusive, Reverse)
{
    public static readonly Schema<CumProd> Schema = Declare("CumProd", since: 26, (exclusive, reverse) => new CumProd(exclusive, reverse));

    public override OperatorSchema Definition => Schema;

    protected override T Combine<T>(T left, T right, bool neutral) => neutral ? T.One : left * right;
}
