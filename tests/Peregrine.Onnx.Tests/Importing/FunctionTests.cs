using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Importing.ModelText;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Model-local functions are put in the place of their calls.</summary>
public sealed class FunctionTests
{
    private static readonly OnnxFunctionProto Scale = Function("Scale", "a", "s", Node("Constant", "", "k", "", "", Reference("value_float", "factor", OnnxAttributeKind.Float)), Node("Mul", "a k", "s", "mul"));

    static FunctionTests() => Scale.AttributeDefaults = [FloatAttribute("factor", 2)];

    [Fact]
    public void Calls_are_inlined_with_attributes_defaults_and_prefixed_names()
    {
        OnnxFunctionProto twice = Function("Twice", "v", "w", Node("Scale", "v", "h", "first", "local"), Node("Scale", "h", "w", "second", "local", Reference("factor", "outer", OnnxAttributeKind.Float)));
        twice.AttributeNames = ["outer"];
        OnnxGraphProto graph = Graph([Float("x", 2)], [Node("Twice", "x", "p", "a", "local", FloatAttribute("outer", 5)), Node("Twice", "p", "y", "b", "local")], [Float("y", 2)]);
        Graph imported = Load(Model(graph, 21, Scale, twice)).Import();
        Assert.Equal(["a/first/mul", "a/second/mul", "b/first/mul", "b/second/mul"], imported.Nodes.Select(n => n.Name));
        Assert.Equal(["a/h", "p", "b/h", "y"], imported.Nodes.Select(n => n.Outputs[0]!.Name));
        Assert.Equal([40f, -80f], Run(imported, [1f, -2f]));
    }

    [Fact]
    public void A_body_inside_a_function_sees_its_values_and_attributes()
    {
        OnnxGraphProto then = Graph([], [Node("Constant", "", "k", "", "", Reference("value_float", "factor", OnnxAttributeKind.Float)), Node("Mul", "a k", "t")], [Float("t", 2)]);
        OnnxFunctionProto function = Function("Maybe", "c a", "r", Node("If", "c", "r", "if", "", Body("then_branch", then), Body("else_branch", Graph([], [], [Float("a", 2)]))));
        function.AttributeDefaults = [FloatAttribute("factor", 3)];
        Graph graph = Load(Model(Graph([Typed("c", Type(DataType.Bool)), Float("x", 2)], [Node("Maybe", "c x", "y", "call", "local")], [Float("y", 2)]), 21, function)).Import();
        Assert.Equal([3f, 6f], ((Tensor)Interpreter.Run(graph, [Tensors.Tensor.Scalar(true), Tensors.Tensor.Vector(1f, 2f)])[0]!).Span<float>().ToArray());
    }

    [Fact]
    public void Overloads_and_own_operator_sets()
    {
        // Opset 6 of the function means the old broadcast; the model means opset 21.
        OnnxFunctionProto old = Function("F", "a b", "s", Node("Add", "a b", "s", "", "", Int("broadcast", 1), Int("axis", 0)));
        old.OperatorSets = [new() { Version = 6 }];
        OnnxFunctionProto other = Function("F", "a b", "s", Node("Mul", "a a", "s"));
        other.Overload = "square";
        OnnxNodeProto second = Node("F", "p b", "y", "two", "local");
        second.Overload = "square";
        Graph graph = Load(Model(Graph([Float("x", 2, 3), Float("b", 2)], [Node("F", "x b", "p", "one", "local"), second], [Float("y", 2, 3)]), 21, old, other)).Import();
        Assert.Equal(["Unsqueeze", "Add", "Mul"], graph.Nodes.Select(n => n.Operator.Definition.Name));
    }

    [Fact]
    public void An_absent_input_and_a_passed_input()
    {
        OnnxFunctionProto clip = Function("Limit", "v low high", "w u", Node("Clip", "v low high", "w"), Node("Identity", "v", "u"));
        Graph graph = Load(Model(Graph([Float("x", 2)], [Node("Limit", "x - top", "y -", "call", "local")], [Float("y", 2)], TensorEncoder.Encode(Tensors.Tensor.Scalar(1f), "top")), 21, clip)).Import();
        Assert.Equal([1f, -2f], Run(graph, [5f, -2f]));
    }

    [Fact]
    public void Recursion_is_refused()
    {
        OnnxFunctionProto a = Function("A", "v", "w", Node("B", "v", "w", "", "local")), b = Function("B", "v", "w", Node("A", "v", "w", "", "local"));
        Diagnostic error = Assert.Single(Errors(Model(Graph([Float("x", 2)], [Node("A", "x", "y", "call", "local"), Node("A", "x", "z", "again", "local")], [Float("y", 2), Float("z", 2)]), 21, a, b)));
        Assert.Equal("PG2041", error.Code);
        Assert.Contains("local.A → local.B → local.A", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exponential_expansion_is_refused_before_it_happens()
    {
        List<OnnxFunctionProto> functions = [Function("F0", "v", "w", Node("Relu", "v", "w"))];
        for (int i = 1; i <= 40; i++)
        {
            functions.Add(Function($"F{i}", "v", "w", Node($"F{i - 1}", "v", "h", "l", "local"), Node($"F{i - 1}", "h", "w", "r", "local")));
        }

        Diagnostic error = Assert.Single(Errors(Model(Graph([Float("x", 2)], [Node("F40", "x", "y", "call", "local")], [Float("y", 2)]), 21, [.. functions])));
        Assert.Equal("PG2042", error.Code);
    }

    [Fact]
    public void A_long_chain_of_functions_is_refused()
    {
        List<OnnxFunctionProto> functions = [Function("F0", "v", "w", Node("Relu", "v", "w"))];
        for (int i = 1; i <= 5000; i++)
        {
            functions.Add(Function($"F{i}", "v", "w", Node($"F{i - 1}", "v", "w", "", "local")));
        }

        Assert.Equal("PG2041", Assert.Single(Errors(Model(Graph([Float("x", 2)], [Node("F5000", "x", "y", "call", "local")], [Float("y", 2)]), 21, [.. functions]))).Code);
    }

    [Fact]
    public void Bad_calls_are_told()
    {
        IReadOnlyList<Diagnostic> errors = Errors(Model(Graph([Float("x", 2)], [Node("Scale", "x x", "y", "call", "local"), Node("Relu", "x", "z", "", "", Reference("alpha", "factor", OnnxAttributeKind.Float))], [Float("y", 2)]), 21, Scale, Scale));
        Assert.Equal(["PG2040", "PG2044", "PG2043"], errors.Select(e => e.Code));
    }

    [Fact]
    public void A_problem_in_a_function_names_the_path()
    {
        CapabilityReport report = Load(Model(Graph([Float("x", 2)], [Node("F", "x", "y", "call", "local")], [Float("y", 2)]), 21, Function("F", "v", "w", Node("Invented", "v", "w", "inner")))).Examine();
        Assert.Equal("call/inner", Assert.Single(report.Nodes).Node);
    }

    private static OnnxFunctionProto Function(string name, string inputs, string outputs, params OnnxNodeProto[] nodes) =>
        new() { Name = name, Domain = "local", Inputs = Names(inputs), Outputs = Names(outputs), Nodes = nodes, OperatorSets = [new() { Version = 21 }, new() { Domain = "local", Version = 1 }] };
}
