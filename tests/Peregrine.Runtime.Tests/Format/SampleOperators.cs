using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Format;

internal enum Flavor
{
    Sweet,
    Salty,
}

/// <summary>An operator of a module with every kind of attribute but graphs.</summary>
internal sealed record Everything(
    long Int, float Float, string Text, Ints Ints, Floats Floats, Texts Texts, Flavor Flavor, Tensor? Tensor = null, IrType? Type = null) : Operator
{
    public static readonly Schema<Everything> Schema = new Schema<Everything>(
            "Everything", since: 1, a => new(a.Int("int"), a.Float("float"), a.Text("text"), a.Ints("ints"), a.Floats("floats"), a.Texts("texts"), a.Choice<Flavor>("flavor"), a.OptionalTensor("tensor"), a.OptionalType("type")), "test")
        .Inputs("x...").Outputs("y")
        .Int("int", o => o.Int, 7).Float("float", o => o.Float, 0.5f).Text("text", o => o.Text, "plain").Ints("ints", o => o.Ints, [1]).Floats("floats", o => o.Floats, [2])
        .Texts("texts", o => o.Texts, ["a"]).Choice("flavor", o => o.Flavor, Flavor.Sweet, ("sweet", Flavor.Sweet), ("salty", Flavor.Salty))
        .OptionalTensor("tensor", o => o.Tensor).OptionalType("type", o => o.Type);

    public static Everything Plain { get; } = new(7, 0.5f, "plain", [1], [2], ["a"], Flavor.Sweet);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c) => c.Set(0, DataType.Float32, Shape.Unranked);
}

/// <summary>An operator of a module with a body.</summary>
internal sealed record WithBody(Graph Body) : Operator, ISubgraphOperator
{
    public static readonly Schema<WithBody> Schema = new Schema<WithBody>("WithBody", since: 1, a => new(a.Graph("body")), "test").Inputs("x...").Outputs("y...").Graph("body", o => o.Body);

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Body];

    public override void Infer(InferenceScope c)
    {
        for (int i = 0; i < c.OutputCount; i++)
        {
            c.Set(i, DataType.Float32, Shape.Unranked);
        }
    }
}
