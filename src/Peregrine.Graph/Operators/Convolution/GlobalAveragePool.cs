namespace Peregrine.Operators;

/// <summary>The mean of each channel.</summary>
public sealed record GlobalAveragePool : GlobalPool
{
    public static readonly Schema<GlobalAveragePool> Schema = new Schema<GlobalAveragePool>("GlobalAveragePool", since: 1, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    protected override double Reduce<T>(ReadOnlySpan<T> plane)
    {
        double sum = 0;
        foreach (T value in plane)
        {
            sum += double.CreateTruncating(value);
        }

        return sum / plane.Length;
    }
}
