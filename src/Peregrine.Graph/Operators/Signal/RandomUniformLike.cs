using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Random numbers evenly distributed from low to high of the input's shape, and of its type unless another one is given.</summary>
public sealed record RandomUniformLike(DataType? Type = null, float Low = 0, float High = 1, float? Seed = null) : RandomOperator(Seed)
{
    public static readonly Schema<RandomUniformLike> Schema =
        new Schema<RandomUniformLike>("RandomUniformLike", since: 1, a => new((DataType?)a.OptionalInt("dtype"), a.Float("low"), a.Float("high"), a.OptionalFloat("seed")))
        .Inputs("input").Outputs("output")
        .OptionalInt("dtype", o => (long?)o.Type)
        .Float("low", o => o.Low, 0)
        .Float("high", o => o.High, 1)
        .OptionalFloat("seed", o => o.Seed);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c) => SetType(c, Type ?? c.ElementType(0), c.Shape(0));

    private protected override double Draw(ref RandomStream random) => Low + (((double)High - Low) * random.NextUniform());
}
