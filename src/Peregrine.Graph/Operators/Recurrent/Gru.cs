namespace Peregrine.Operators;

/// <summary>Gated recurrent unit. Gates stand in the order z, r, h; the activations f, g default to Sigmoid, Tanh.</summary>
public sealed record Gru : RecurrentOperator
{
    public static readonly Schema<Gru> Schema = Declare(new Schema<Gru>("GRU", since: 1, a => new(a))
        .Inputs("X", "W", "R", "B?", "sequence_lens?", "initial_h?").Outputs("Y?", "Y_h?"))
        .Flag("linear_before_reset", o => o.LinearBeforeReset, false);

    private Gru(AttributeReader a)
        : base(a) => LinearBeforeReset = a.Flag("linear_before_reset");

    public Gru()
        : base(default, default, null, null, RecurrentDirection.Forward, null, false)
    {
    }

    /// <summary>Whether the reset gate multiplies the recurrence product (with its bias) instead of the previous state.</summary>
    public bool LinearBeforeReset { get; init; }

    public override OperatorSchema Definition => Schema;

    private protected override int Gates => 3;

    private protected override int PlainGates => 2;

    private protected override IReadOnlyList<string> DefaultActivations => ["Sigmoid", "Tanh"];

    private protected override void Step(ref RecurrentCell cell)
    {
        int n = cell.Hidden;
        Span<double> operand = cell.Room[..n], product = cell.Room.Slice(n, n);
        for (int j = 0; j < n; j++)
        {
            operand[j] = LinearBeforeReset ? cell.State[j] : Reset(ref cell, j) * cell.State[j];
        }

        MatrixView<double> candidateRecurrence = new(cell.Recurrence[Math.Min(2 * n, cell.Recurrence.Length)..], Gates * n, 1);
        ReferenceGemm.Multiply(1, n, n, 1, MatrixView<double>.RowMajor(operand, n), candidateRecurrence, 0, default, product, n, cell.Workspace);
        for (int j = 0; j < n; j++)
        {
            double recurrent = product[j] + (cell.RecurrenceBias.IsEmpty ? 0 : cell.RecurrenceBias[(2 * n) + j]);
            double candidate = cell.Activate(1, cell.FromInput[(2 * n) + j] + (LinearBeforeReset ? Reset(ref cell, j) * recurrent : recurrent));
            double update = cell.Activate(0, cell.FromInput[j] + cell.FromHidden[j]);
            cell.State[j] = ((1 - update) * candidate) + (update * cell.State[j]);
        }
    }

    private static double Reset(ref RecurrentCell cell, int j) => cell.Activate(0, cell.FromInput[cell.Hidden + j] + cell.FromHidden[cell.Hidden + j]);
}
