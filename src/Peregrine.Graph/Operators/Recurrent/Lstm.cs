namespace Peregrine.Operators;

/// <summary>Long short-term memory. Gates stand in the order i, o, f, c; the activations f, g, h default to Sigmoid, Tanh, Tanh.</summary>
public sealed record Lstm : RecurrentOperator
{
    public static readonly Schema<Lstm> Schema = Declare(new Schema<Lstm>("LSTM", since: 1, a => new(a))
        .Inputs("X", "W", "R", "B?", "sequence_lens?", "initial_h?", "initial_c?", "P?").Outputs("Y?", "Y_h?", "Y_c?"))
        .Flag("input_forget", o => o.CouplesForgetGate, false);

    private Lstm(AttributeReader a)
        : base(a) => CouplesForgetGate = a.Flag("input_forget");

    public Lstm()
        : base(default, default, null, null, RecurrentDirection.Forward, null, false)
    {
    }

    /// <summary>Whether the forget gate is 1 − the input gate.</summary>
    public bool CouplesForgetGate { get; init; }

    public override OperatorSchema Definition => Schema;

    private protected override int Gates => 4;

    private protected override IReadOnlyList<string> DefaultActivations => ["Sigmoid", "Tanh", "Tanh"];

    private protected override bool HasMemory => true;

    private protected override void Step(ref RecurrentCell cell)
    {
        int n = cell.Hidden;
        for (int j = 0; j < n; j++)
        {
            double previous = cell.Memory[j];
            double i = cell.Activate(0, cell.FromInput[j] + cell.FromHidden[j] + (cell.Peepholes.IsEmpty ? 0 : cell.Peepholes[j] * previous));
            double f = CouplesForgetGate
                ? 1 - i
                : cell.Activate(0, cell.FromInput[(2 * n) + j] + cell.FromHidden[(2 * n) + j] + (cell.Peepholes.IsEmpty ? 0 : cell.Peepholes[(2 * n) + j] * previous));
            double candidate = cell.Activate(1, cell.FromInput[(3 * n) + j] + cell.FromHidden[(3 * n) + j]);
            double memory = (f * previous) + (i * candidate);
            double o = cell.Activate(0, cell.FromInput[n + j] + cell.FromHidden[n + j] + (cell.Peepholes.IsEmpty ? 0 : cell.Peepholes[n + j] * memory));
            cell.Memory[j] = memory;
            cell.State[j] = o * cell.Functions[2].Apply(memory);
        }
    }
}
