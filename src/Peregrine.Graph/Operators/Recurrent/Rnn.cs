namespace Peregrine.Operators;

/// <summary>The simple recurrent network: H = f(X·Wᵀ + H·Rᵀ + biases), f being Tanh by default.</summary>
public sealed record Rnn : RecurrentOperator
{
    public static readonly Schema<Rnn> Schema = Declare(new Schema<Rnn>("RNN", since: 1, a => new(a))
        .Inputs("X", "W", "R", "B?", "sequence_lens?", "initial_h?").Outputs("Y?", "Y_h?"));

    private Rnn(AttributeReader a)
        : base(a)
    {
    }

    public Rnn()
        : base(default, default, null, null, RecurrentDirection.Forward, null, false)
    {
    }

    public override OperatorSchema Definition => Schema;

    private protected override int Gates => 1;

    private protected override IReadOnlyList<string> DefaultActivations => ["Tanh"];

    private protected override void Step(ref RecurrentCell cell)
    {
        for (int j = 0; j < cell.Hidden; j++)
        {
            cell.State[j] = cell.Activate(0, cell.FromInput[j] + cell.FromHidden[j]);
        }
    }
}
