using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>An operator for every schema of a catalog, made from the schema alone: the material of tests that send every operator through text and files.</summary>
public static class OperatorSamples
{
    /// <summary>With every attribute set to something other than its default.</summary>
    public static Operator Full(OperatorSchema schema) => Create(schema, _ => true);

    /// <summary>With no attribute but those that are required.</summary>
    public static Operator Plain(OperatorSchema schema) => Create(schema, a => a.Required);

    private static Operator Create(OperatorSchema schema, Func<AttributeDefinition, bool> isWanted)
    {
        AttributeBag bag = new();
        foreach (AttributeDefinition attribute in schema.Attributes.Where(isWanted))
        {
            bag[attribute.Name] = Sample(attribute);
        }

        DiagnosticBag diagnostics = new();
        return schema.TryCreate(bag, diagnostics, "sample") ?? throw new InvalidOperationException($"{schema.FullName}{bag}: {string.Join(' ', diagnostics.Items)}");
    }

    private static object Sample(AttributeDefinition attribute) => attribute.Kind switch
    {
        // 1 is a flag, an axis, a count, and the number of float32; 0 is a flag and an axis too.
        AttributeKind.Int => attribute.Default is 1L ? 0L : 1L,
        AttributeKind.Float => attribute.Default is 0.75f ? 0.5f : 0.75f,
        AttributeKind.Text => attribute.Choices.FirstOrDefault(c => !c.Equals(attribute.Default)) ?? "a \"text\" with\nodd = characters",
        AttributeKind.Ints => Ints.Create([2, 1]),
        AttributeKind.Floats => Floats.From([0.5f, float.NegativeInfinity, -0f]),
        AttributeKind.Texts => Texts.From(["Tanh", "", "{,}"]),
        AttributeKind.Tensor => Tensor.Vector(1.5f),
        AttributeKind.Graph => Body(),
        _ => new TensorType(DataType.Float16, Shape.Of([2, 3])),
    };

    private static Graph Body()
    {
        GraphBuilder body = new("body");
        body.Output("y", body.Call(new Relu(), body.Input("x", DataType.Float32, 2)));
        return body.Build();
    }
}
