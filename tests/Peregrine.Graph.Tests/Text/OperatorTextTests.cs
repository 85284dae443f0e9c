using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Graph.Tests.Text;

/// <summary>Every operator goes through the text form, with its defaults and with every attribute changed. Bodies are whole graphs, which <see cref="GraphTextTests"/> covers.</summary>
public sealed class OperatorTextTests
{
    public static TheoryData<string> Names => [.. OperatorCatalog.Standard.Schemas.Where(s => s.Attributes.All(a => a.Kind != AttributeKind.Graph)).Select(s => s.FullName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Attributes_come_back_from_text(string name)
    {
        OperatorSchema schema = OperatorCatalog.Standard.Schemas.Single(s => s.FullName == name);
        foreach (Operator op in (Operator[])[OperatorSamples.Plain(schema), OperatorSamples.Full(schema)])
        {
            Ir.Graph graph = new("operator");
            graph.AppendNode(graph.MakeNode(op.Definition.Name, op, [], ["y"], Provenance.None));
            string text = GraphPrinter.Print(graph);
            string start = $"%y = {op.Definition.FullName}()";
            int begin = text.IndexOf(start, StringComparison.Ordinal);
            Assert.True(begin > 0, text);
            TextScanner scanner = new(text[(begin + start.Length)..text.LastIndexOf(" : ", StringComparison.Ordinal)]);
            AttributeBag bag = new AttributeParser(scanner, new(scanner), () => throw new InvalidOperationException("No graph is expected.")).Parse(op.Definition);
            Assert.True(scanner.AtEnd, text);
            Assert.Equal(op, op.Definition.TryCreate(bag, new(), "text"));
        }
    }
}
