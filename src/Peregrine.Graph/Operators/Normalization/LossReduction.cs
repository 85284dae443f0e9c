namespace Peregrine.Operators;

/// <summary>What becomes of the losses of the single samples.</summary>
public enum LossReduction
{
    None,
    Sum,
    /// <summary>The sum divided by the sum of the samples' weights.</summary>
    Mean,
}
