using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Graph.Tests.Text;

public sealed class GraphTextTests
{
    [Fact]
    public void Random_graphs_read_back_as_the_same_text_and_the_same_function()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Ir.Graph graph = RandomGraphs.Create(seed);
            string text = GraphPrinter.Print(graph, int.MaxValue);
            Ir.Graph read = GraphParser.Parse(text);
            Assert.Equal(text, GraphPrinter.Print(read, int.MaxValue));
            GraphVerifier.VerifyTypes(read, "parsing");

            object?[] inputs = RandomGraphs.Inputs(graph, (ulong)seed, _ => 3);
            object?[] expected = Interpreter.Run(graph, inputs), actual = Interpreter.Run(read, inputs);
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.Equal((Tensor)expected[i]!, (Tensor)actual[i]!);
            }
        }
    }

    [Fact]
    public void The_text_is_as_documented()
    {
        GraphBuilder g = new("net");
        Value x = g.Input("x", DataType.Float32, "N", 4);
        (g.NodeName, g.Provenance) = ("layer1.add", Provenance.Of("layer1.add"));
        Value y = g.Call(new Add(), x, g.Constant("b", Tensor.Vector(1f, -0.5f, float.NaN, 3)));
        (g.NodeName, g.Provenance) = (null, Provenance.None);
        Value large = g.Constant("w", Tensor.Allocate(DataType.Float32, [100, 4]));
        Value z = g.Call(new Transpose([1, 0]), g.Call(new Relu(), large));
        g.Output("first", y);
        g.Output(z.Name, z);
        Assert.Equal(
            """
            graph "net"(%x: f32[N,4]) {
              %layer1.add.out = Add(%x, @f32[4]{1,-0.5,nan,3}) : f32[N,4] // from "layer1.add"
              %Relu.out = Relu(%w@f32[100,4]) : f32[100,4]
              %Transpose.out = Transpose(%Relu.out) {perm=[1,0]} : f32[4,100]
              return %layer1.add.out as "first", %Transpose.out
            }

            """,
            GraphPrinter.Print(g.Build()));
    }

    [Fact]
    public void Short_forms_are_read()
    {
        Ir.Graph graph = GraphParser.Parse("graph(%x: f32[N,3]) { %m = Add(%x, @f32[3])  %y = Relu(%m)  return %y }");
        Assert.Equal("f32[N,3]", graph.Outputs[0].Value.Type.ToString());
        Assert.Equal("y", graph.Outputs[0].Name);
        Assert.Equal(GraphParser.Parse("graph(%x: f32[N,3]) { %m = Add(%x, @f32[3])  %y = Relu(%m)  return %y }").Constants[0].Constant!.Data, graph.Constants[0].Constant!.Data);
    }

    [Fact]
    public void Data_dependent_symbols_keep_their_names_and_bounds()
    {
        const string Text = """
            graph "g"(%x: s64[N]) where u7 in [0,inf] data<=N {
              %i = NonZero(%x) : s64[1,u7]
              %j = Transpose(%i) {perm=[1,0]} : s64[u7,1]
              return %j
            }

            """;
        Assert.Equal(Text, GraphPrinter.Print(GraphParser.Parse(Text)).Replace(" \"i\"", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Bodies_and_absent_values_round_trip_and_share_edits()
    {
        const string Text = """
            graph "outer"(%c: bool[], %x: f32[N,3]) {
              %y = If "branch"(%c, %x) {else_branch=graph "no"(%a: f32[N,3]) {
                %b = Identity "b"(%a) : f32[N,3]
                return %b
              }, then_branch=graph "yes"(%a: f32[N,3]) {
                %b = Relu "b"(%a) : f32[N,3]
                return %b
              }} : f32[N,3]
              %z = Clip "clip"(%y, _, @f32[]{1}) : f32[N,3]
              return %z as "result"
            }

            """;
        Ir.Graph graph = GraphParser.Parse(Text);
        Assert.Equal(Text, GraphPrinter.Print(graph));
        Assert.All(graph.AllNodes.Select(n => n.Operator).OfType<ISubgraphOperator>().SelectMany(s => s.Subgraphs), body => Assert.Same(graph.Edits, body.Edits));
    }

    [Theory]
    [InlineData(DataType.Float16)]
    [InlineData(DataType.BFloat16)]
    [InlineData(DataType.Float8E4M3FN)]
    [InlineData(DataType.Float8E5M2)]
    [InlineData(DataType.Float4E2M1)]
    [InlineData(DataType.Float64)]
    [InlineData(DataType.Int4)]
    [InlineData(DataType.UInt2)]
    [InlineData(DataType.Int8)]
    [InlineData(DataType.UInt64)]
    [InlineData(DataType.Bool)]
    [InlineData(DataType.String)]
    [InlineData(DataType.Complex64)]
    [InlineData(DataType.Complex128)]
    public void Constants_of_every_type_keep_their_elements(DataType type)
    {
        GraphBuilder g = new("g");
        Tensor data = RandomTensor.Create(type, [3, 5], 42);
        g.Output("y", g.Call(new Identity(), g.Constant("c", data)));
        Ir.Graph read = GraphParser.Parse(GraphPrinter.Print(g.Build()));
        Assert.Equal(data, read.Constants[0].Constant!.Data);
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("graph(%x f32[2]) { return %x }", 1, 10)]
    [InlineData("graph(%x: f99[2]) { return %x }", 1, 14)]
    [InlineData("graph(%x: f32[2]) {\n  %y = Nope(%x)\n  return %y }", 2, 12)]
    [InlineData("graph(%x: f32[2]) { %y = Relu(%z) return %y }", 1, 33)]
    [InlineData("graph(%x: f32[2]) { %x = Relu(%x) return %x }", 1, 23)]
    [InlineData("graph(%x: f32[2]) { %y = Relu(%x) : f32[3] return %y }", 1, 44)]
    [InlineData("graph(%x: f32[2]) { %y = Relu(%x) {axis=1} return %y }", 1, 40)]
    [InlineData("graph(%x: f32[2]) { %y = Add(%x, @f32[2]{1}) return %y }", 1, 44)]
    [InlineData("graph(%x: f32[2]) { %y = Add(%x, @f32[2]{1,zwei}) return %y }", 1, 49)]
    [InlineData("graph(%x: f32[-2]) { return %x }", 1, 17)]
    [InlineData("graph(%x: f32[2]) { return %x } x", 1, 33)]
    public void What_is_wrong_is_told_with_its_place(string text, int line, int column)
    {
        ModelException e = Assert.Throws<ModelException>(() => GraphParser.Parse(text));
        Assert.Contains($"Line {line}, column {column}:", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_texts_are_typed_errors()
    {
        string good = GraphPrinter.Print(RandomGraphs.Create(3));
        Random random = new(5);
        for (int i = 0; i < 3000; i++)
        {
            char[] text = good.ToCharArray();
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                text[random.Next(text.Length)] = "(){}[]<>%@,:=\"'0N-"[random.Next(18)];
            }

            string mutated = random.Next(4) == 0 ? new string(text)[..random.Next(text.Length)] : new(text);
            try
            {
                GraphParser.Parse(mutated);
            }
            catch (ModelException)
            {
            }
        }

        Assert.Throws<ModelException>(() => GraphParser.Parse("graph(%x: " + string.Concat(Enumerable.Repeat("seq<", 100_000))));
        Assert.Throws<ModelException>(() => GraphParser.Parse("graph() { %y = Relu(@f32[2000000000]) return %y }"));
        Assert.Throws<ModelException>(() => GraphParser.Parse("graph() { %y = Relu(@f32[4000000000,4000000000,4000000000]) return %y }"));
    }
}
