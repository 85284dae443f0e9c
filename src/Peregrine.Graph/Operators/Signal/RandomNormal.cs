using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Normally distributed random numbers of the given shape.</summary>
public sealed record RandomNormal(Ints Dims, DataType Type = DataType.Float32, float Mean = 0, float Scale = 1, float? Seed = null) : RandomOperator(Seed)
{
    public static readonly Schema<RandomNormal> Schema =
        new Schema<RandomNormal>("RandomNormal", since: 1, a => new(a.Ints("shape"), a.DataType("dtype"), a.Float("mean"), a.Float("scale"), a.OptionalFloat("seed")))
        .Outputs("output")
        .Ints("shape", o => o.Dims)
        .DataType("dtype", o => o.Type, DataType.Float32)
        .Float("mean", o => o.Mean, 0)
        .Float("scale", o => o.Scale, 1)
        .OptionalFloat("seed", o => o.Seed);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c) => SetShape(c, Type, Dims);

    private protected override double Draw(ref RandomStream random) => Mean + (Scale * random.NextNormal());
}
