using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Normally distributed random numbers of the input's shape, and of its type unless another one is given.</summary>
public sealed record RandomNormalLike(DataType? Type = null, float Mean = 0, float Scale = 1, float? Seed = null) : RandomOperator(Seed)
{
    public static readonly Schema<RandomNormalLike> Schema =
        new Schema<RandomNormalLike>("RandomNormalLike", since: 1, a => new((DataType?)a.OptionalInt("dtype"), a.Float("mean"), a.Float("scale"), a.OptionalFloat("seed")))
        .Inputs("input").Outputs("output")
        .OptionalInt("dtype", o => (long?)o.Type)
        .Float("mean", o => o.Mean, 0)
        .Float("scale", o => o.Scale, 1)
        .OptionalFloat("seed", o => o.Seed);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c) => SetType(c, Type ?? c.ElementType(0), c.Shape(0));

    private protected override double Draw(ref RandomStream random) => Mean + (Scale * random.NextNormal());
}
