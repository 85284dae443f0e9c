using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Random numbers evenly distributed from low to high of the given shape.</summary>
public sealed record RandomUniform(Ints Dims, DataType Type = DataType.Float32, float Low = 0, float High = 1, float? Seed = null) : RandomOperator(Seed)
{
    public static readonly Schema<RandomUniform> Schema =
        new Schema<RandomUniform>("RandomUniform", since: 1, a => new(a.Ints("shape"), a.DataType("dtype"), a.Float("low"), a.Float("high"), a.OptionalFloat("seed")))
        .Outputs("output")
        .Ints("shape", o => o.Dims)
        .DataType("dtype", o => o.Type, DataType.Float32)
        .Float("low", o => o.Low, 0)
        .Float("high", o => o.High, 1)
        .OptionalFloat("seed", o => o.Seed);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c) => SetShape(c, Type, Dims);

    private protected override double Draw(ref RandomStream random) => Low + (((double)High - Low) * random.NextUniform());
}
