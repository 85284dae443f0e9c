using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>1 with the probability that the input's element gives, else 0.</summary>
public sealed record Bernoulli(DataType? Type = null, float? Seed = null) : RandomOperator(Seed)
{
    public static readonly Schema<Bernoulli> Schema = new Schema<Bernoulli>("Bernoulli", since: 15, a => new((DataType?)a.OptionalInt("dtype"), a.OptionalFloat("seed")))
        .Inputs("input").Outputs("output")
        .OptionalInt("dtype", o => (long?)o.Type)
        .OptionalFloat("seed", o => o.Seed);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        DataType type = Type ?? c.ElementType(0);
        if (!type.IsFloat() && !type.IsInteger() && type != DataType.Bool)
        {
            c.Error("PG2571", $"dtype is {(long)type}, but must be numeric or bool.");
            return;
        }

        c.Set(0, type, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        RandomStream random = new(Seed, c.NodeName);
        ReadOnlySpan<double> probabilities = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = random.NextUniform() < probabilities[i] ? 1 : 0;
        }
    }
}
