namespace Peregrine.Operators;

/// <summary>The largest element of each channel (NaN wins).</summary>
public sealed record GlobalMaxPool : GlobalPool
{
    public static readonly Schema<GlobalMaxPool> Schema = new Schema<GlobalMaxPool>("GlobalMaxPool", since: 1, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    protected override double Reduce<T>(ReadOnlySpan<T> plane)
    {
        double largest = double.NegativeInfinity;
        foreach (T value in plane)
        {
            largest = Math.Max(largest, double.CreateTruncating(value));
        }

        return largest;
    }
}
