namespace Peregrine.Operators;

/// <summary>What one step of one direction and one sequence of the batch reads and writes.</summary>
internal ref struct RecurrentCell
{
    public int Hidden;

    /// <summary>The direction's activation functions: f, g, h.</summary>
    public ReadOnlySpan<RecurrentActivation> Functions;

    /// <summary>Limit of the activations' arguments; infinite for none.</summary>
    public double Clip;

    /// <summary>[gates · hidden]: X·Wᵀ plus the biases, for this step.</summary>
    public ReadOnlySpan<double> FromInput;

    /// <summary>[gates · hidden]: H·Rᵀ of the previous step.</summary>
    public ReadOnlySpan<double> FromHidden;

    /// <summary>[hidden, gates · hidden]: Rᵀ.</summary>
    public ReadOnlySpan<double> Recurrence;

    /// <summary>[gates · hidden]: the recurrence bias, for cells that do not add it with the input's.</summary>
    public ReadOnlySpan<double> RecurrenceBias;

    /// <summary>[3 · hidden] of an LSTM, in the order i, o, f; empty for none.</summary>
    public ReadOnlySpan<double> Peepholes;

    /// <summary>[hidden]: the hidden state, replaced by the step.</summary>
    public Span<double> State;

    /// <summary>[hidden]: an LSTM's cell state, replaced by the step.</summary>
    public Span<double> Memory;

    /// <summary>At least 2 · hidden elements of room.</summary>
    public Span<double> Room;

    /// <summary>For a matrix product of one row and hidden columns.</summary>
    public Span<double> Workspace;

    public readonly double Activate(int function, double x) => Functions[function].Apply(double.IsNaN(x) ? x : Math.Clamp(x, -Clip, Clip));
}
