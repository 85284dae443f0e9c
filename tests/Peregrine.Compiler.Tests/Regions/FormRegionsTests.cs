using Peregrine.Compiler.Regions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Regions;

/// <summary>What a region takes as operands, and that it computes the same.</summary>
public sealed class FormRegionsTests
{
    [Theory]
    // The pointwise part takes a value that is the anchor's operand too.
    [InlineData("graph(%x: f32[2,4]) { %m = MatMul(%x, @f32[4,4]) %y = Add(%m, %x) return %y }", 3)]
    [InlineData("graph(%x: f32[1,3,5,5]) { %c = Conv(%x, @f32[3,3,1,1]) %r = Relu(%c) %y = Mul(%r, %x) return %y }", 3)]
    // The anchor takes one value twice, and the pointwise part takes it again, twice.
    [InlineData("graph(%x: f32[3,3]) { %m = MatMul(%x, %x) %a = Add(%m, %x) %y = Mul(%a, %x) return %y }", 3)]
    [InlineData("graph(%x: f32[3,3]) { %m = MatMul(%x, %x) %s = Sigmoid(%m) %y = Mul(%m, %s) return %y }", 2)]
    [InlineData("graph(%x: f32[3,3], %z: f32[3]) { %a = Add(%x, %z) %b = Mul(%a, %z) %y = Tanh(%b) return %y }", 2)]
    // Numbers are part of the code, also where the anchor takes them for itself, and a number more than once; but a region has operands.
    [InlineData("graph(%x: f32[2,4]) { %m = MatMul(%x, @f32[4,4]) %y = Clip(%m, @f32[], @f32[]) return %y }", 2)]
    [InlineData("graph(%x: f32[1,3,5,5]) { %c = Conv(%x, @f32[1,3,1,1], @f32[1]) %a = Add(%c, @f32[1,1,1,1]) %y = Mul(%a, @f32[1]) return %y }", 3)]
    [InlineData("graph(%x: f32[3]) { %a = Mul(@f32[], %x) %y = Add(%a, @f32[1]) return %y }", 1)]
    public void Operands_keep_their_places(string text, int operands)
    {
        Graph before = GraphParser.Parse(text), after = GraphParser.Parse(text);
        GraphPasses.Run(new FormRegions(), after, new PassContext { Diagnostics = new DiagnosticBag(), Verify = true });
        Node node = Assert.Single(after.Nodes);
        Region region = Assert.IsType<Region>(node.Operator);
        Assert.Equal(operands, node.Inputs.Count);
        Assert.NotNull(region.Epilogue());
        object?[] inputs = [.. before.Inputs.Select((v, i) => (object?)RandomTensor.Create(DataType.Float32, v.Tensor!.Shape.ToStatic(), (ulong)i))];
        Tensor expected = (Tensor)Interpreter.Run(before, inputs)[0]!, actual = (Tensor)Interpreter.Run(after, inputs)[0]!;
        Assert.Null(TensorComparison.Compare(expected, actual, new(1e-5, 1e-6)).Problem);
    }
}
