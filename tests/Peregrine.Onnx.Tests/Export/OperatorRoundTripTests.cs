using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Export;
using Peregrine.Onnx.Importing;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;
using Peregrine.Text;

namespace Peregrine.Onnx.Tests.Export;

/// <summary>Every operator goes through ONNX's node message and its bytes: with its defaults, with every attribute changed, with every choice.</summary>
public sealed class OperatorRoundTripTests
{
    public static TheoryData<string> Names => [.. OperatorCatalog.Standard.Schemas.Select(s => s.FullName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_come_back_equal(string name)
    {
        OperatorSchema schema = OperatorCatalog.Standard.Schemas.Single(s => s.FullName == name);
        int made = 0;
        foreach (AttributeBag bag in Samples(schema))
        {
            Operator op = Create(schema, bag);
            Operator read = Create(schema, Through(op));
            if (op is ISubgraphOperator control)
            {
                // Graphs have no value equality; their texts do.
                Assert.Equal(control.Subgraphs.Select(Text), ((ISubgraphOperator)read).Subgraphs.Select(Text));
                Assert.Equal(Plain(op), Plain(read));
            }
            else
            {
                Assert.Equal(op, read);
            }

            made++;
        }

        Assert.True(made >= 1 + schema.Attributes.Count, "one sample at least for the defaults, and one per attribute");
    }

    private static string Text(Graph graph) => GraphPrinter.Print(graph);

    private static List<(string, object)> Plain(Operator op)
    {
        AttributeBag bag = op.Definition.Describe(op);
        // ONNX does not have the count of captures: an importer counts them itself.
        return [.. bag.Names.Where(n => bag[n] is not Graph && n != ISubgraphOperator.CaptureCountAttribute).Select(n => (n, bag[n]!))];
    }

    private static Operator Create(OperatorSchema schema, AttributeBag bag)
    {
        DiagnosticBag diagnostics = new();
        Operator? op = schema.TryCreate(bag, diagnostics, "sample");
        Assert.True(op is not null && diagnostics.Items.Count == 0, string.Join('\n', diagnostics.Items));
        return op;
    }

    /// <summary>The attributes as they come back from the bytes of a node.</summary>
    private static AttributeBag Through(Operator op)
    {
        OnnxNodeProto node = new()
        {
            OperatorType = op.Definition.Name,
            Domain = op.Definition.Domain,
            Outputs = ["y"],
            Attributes = AttributeExporter.Export(op, body => OnnxExporter.Export(body).Graph!),
        };
        OnnxModel model = OnnxModel.Load(ProtobufWriter.ToBytes(new OnnxModelProto { IrVersion = 13, OperatorSets = [new() { Version = 28 }], Graph = new() { Name = "g", Nodes = [node] } }));
        DiagnosticBag diagnostics = new();
        ImportContext context = new(model, ImportOptions.Default, diagnostics);
        ImportEnvironment environment = new(OpsetTable.OfModel(model.Proto, diagnostics), null, "", 0);
        GraphBuilder builder = new("g");
        BlockImporter block = new(context, builder, new NameScope(), environment);
        AttributeBag? bag = new AttributeImporter(context, environment).Import(model.Proto.Graph!.Nodes[0], "sample", new(context, builder, environment, block));
        Assert.True(bag is not null && diagnostics.Items.Count == 0, string.Join('\n', diagnostics.Items));
        return bag;
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

    private static object[] Values(AttributeDefinition attribute) => attribute.Kind switch
    {
        AttributeKind.Int => attribute.Default is 1L ? [2L, -1L] : attribute.Default is 0L ? [1L] : [1L, 2L],
        AttributeKind.Float => [0.25f, -1.75f, 0f],
        AttributeKind.Text when attribute.Choices.Count > 0 => [.. attribute.Choices],
        AttributeKind.Text => ["a\u0301 text", ""],
        AttributeKind.Ints => [Ints.Create([2, -1, long.MaxValue]), Ints.Create([0]), Ints.Create([])],
        AttributeKind.Floats => [Floats.Create([0.5f, -0f])],
        AttributeKind.Texts => [Texts.Create(["x", ""])],
        AttributeKind.Tensor => [Tensor.Vector(1f, 2f), new Tensor([1], ["text"])],
        AttributeKind.Graph => [Body("N"), Body("M")],
        _ => [new TensorType(DataType.Float16, [Dim.Symbol("N"), 3]), new SequenceType(new TensorType(DataType.Int64, Shape.Unranked)), new OptionalType(new SequenceType(new TensorType(DataType.Float32, [2])))],
    };

    private static Graph Body(string name)
    {
        GraphBuilder g = new(name) { NodeName = "r", Provenance = Provenance.Of("r") };
        g.Output("y", g.CallNamed(new Relu(), [g.Input("x", DataType.Float32, 4)], "y")[0]!);
        return g.Build();
    }
}
