using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Format;

/// <summary>Every operator goes through the engine file: with its defaults, with every attribute changed, with every choice.</summary>
public sealed class OperatorRoundTripTests
{
    public static TheoryData<string> Names => [.. SampleEngines.Catalog.Schemas.Select(s => s.FullName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_come_back_equal(string name)
    {
        OperatorSchema schema = SampleEngines.Catalog.Schemas.Single(s => s.FullName == name);
        int made = 0;
        foreach (AttributeBag bag in Samples(schema))
        {
            DiagnosticBag diagnostics = new();
            Operator? op = schema.TryCreate(bag, diagnostics, "sample");
            Assert.True(op is not null, string.Join('\n', diagnostics.Items));
            Operator read = Through(op);
            if (op is ISubgraphOperator)
            {
                EngineEquality.Same(op, read);
            }
            else
            {
                Assert.Equal(op, read);
            }

            AttributeBag before = schema.Describe(op), after = schema.Describe(read);
            Assert.Equal(before.Names, after.Names);
            Assert.All(before.Names.Where(n => before[n] is not Graph), n => Assert.Equal(before[n], after[n]));
            made++;
        }

        Assert.True(made >= 1 + schema.Attributes.Count, "one sample at least for the defaults, and one per attribute");
    }

    [Fact]
    public void Attributes_keep_every_bit()
    {
        Everything op = SampleEngines.BusyAttributes(Tensor.Vector(1f, float.NaN));
        Everything read = (Everything)Through(op);
        Assert.Equal(op, read);
        Assert.Equal([unchecked((int)0x80000000), 0x7F800000], read.Floats.Select(BitConverter.SingleToInt32Bits));
    }

    internal static Operator Through(Operator op)
    {
        ConstantPool pool = new();
        StructureWriter writer = new(pool);
        OperatorCodec.Write(writer, op);
        ReadOnlyMemory<byte> directory = pool.Finish([]);
        EngineContainerWriter container = new();
        container.Add(SectionId.Constants, SectionTraits.Required, directory);
        container.Add(SectionId.Plan, SectionTraits.Required, writer.Bytes.Content);
        container.Add(SectionId.Weights, SectionTraits.Bulk, pool.Tensors.WeightBytes, s => pool.Tensors.WriteWeights(s, null));
        EngineContainerReader sections = EngineContainerReader.Open(container.ToArray());
        StructureContext context = new(SampleEngines.Catalog);
        ConstantPool.Read(sections.Require(SectionId.Constants).Read(), sections.Require(SectionId.Weights), [], context);
        StructureReader reader = new(sections.Require(SectionId.Plan).Read(), context);
        Operator read = OperatorCodec.Read(reader);
        reader.Bytes.ExpectEnd();
        return read;
    }

    private static IEnumerable<AttributeBag> Samples(OperatorSchema schema)
    {
        AttributeBag plain = new();
        foreach (AttributeDefinition attribute in schema.Attributes.Where(a => a.Required))
        {
            plain[attribute.Name] = Values(attribute)[0];
        }

        yield return plain;
        foreach (AttributeDefinition attribute in schema.Attributes)
        {
            foreach (object value in Values(attribute))
            {
                AttributeBag bag = plain.Clone();
                bag[attribute.Name] = value;
                yield return bag;
            }
        }
    }

    /// <summary>Values that any attribute of the kind should take, none of them the default. Small integers are also element types, axes and counts.</summary>
    private static object[] Values(AttributeDefinition attribute) => attribute.Kind switch
    {
        AttributeKind.Int => attribute.Default is 1L ? [2L] : attribute.Default is 0L ? [1L] : [1L, 2L],
        AttributeKind.Float => [0.25f, 1.75f],
        AttributeKind.Text when attribute.Choices.Count > 0 => [.. attribute.Choices],
        AttributeKind.Text => ["a\u0301 text"],
        AttributeKind.Ints => [Ints.Create([2, 1]), Ints.Create([0])],
        AttributeKind.Floats => [Floats.Create([0.5f, -0f])],
        AttributeKind.Texts => [Texts.Create(["x", ""])],
        AttributeKind.Tensor => [Tensor.Vector(1f, 2f), new Tensor([1], ["text"])],
        AttributeKind.Graph => [Body()],
        _ => [new TensorType(DataType.Float16, [Dim.Symbol("N"), 3])],
    };

    private static Graph Body()
    {
        GraphBuilder g = new("body");
        g.Output("y", g.Call(new Relu(), g.Input("x", DataType.Float32, "N")));
        return g.Build();
    }
}
