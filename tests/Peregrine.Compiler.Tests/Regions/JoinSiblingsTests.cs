using Peregrine.Compiler.Regions;
using Peregrine.Compiler.Tests.Lowering;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Regions;

/// <summary>Which products of one value become one, and that the results stay what they are.</summary>
public sealed class JoinSiblingsTests
{
    private const string Inception = """
        graph(%x: f32[N,16,9,11]) {
          %a = Conv(%x, @f32[20,16,1,1], @f32[20]) %ar = Relu(%a)
          %b = Conv(%x, @f32[6,16,1,1], @f32[6]) %br = Relu(%b)
          %c = Conv(%x, @f32[8,16,1,1], @f32[8]) %cr = Relu(%c)
          %p = Conv(%ar, @f32[12,20,3,3]) {pads=[1,1,1,1]}
          %q = Conv(%br, @f32[12,6,5,5]) {pads=[2,2,2,2]}
          %j = Concat(%p, %q, %cr) {axis=1}
          %y = Conv(%j, @f32[4,32,1,1])
          return %y
        }
        """;

    [Theory]
    // What is concatenated has its place there.
    [InlineData(Inception, "Conv=5 Split=1 Relu=2")]
    // The tails differ in a bound, or in a further operand: only equal ones are joined.
    [InlineData("graph(%x: f32[N,4,6,6]) { %a = Conv(%x, @f32[3,4,1,1]) %b = Conv(%x, @f32[5,4,1,1]) %c = Clip(%a, @f32[]{0}, @f32[]{6}) %d = Clip(%b, @f32[]{0}, @f32[]{6}) %y = MaxPool(%c) {kernel_shape=[2,2]} %z = GlobalAveragePool(%d) return %y, %z }", "Conv=1 Clip=1 Split=1")]
    [InlineData("graph(%x: f32[N,4,6,6]) { %a = Conv(%x, @f32[3,4,1,1]) %b = Conv(%x, @f32[5,4,1,1]) %c = Clip(%a, @f32[]{0}, @f32[]{6}) %d = Clip(%b, @f32[]{0}, @f32[]{5}) %y = MaxPool(%c) {kernel_shape=[2,2]} %z = GlobalAveragePool(%d) return %y, %z }", "Conv=2 Clip=2 Split=0")]
    [InlineData("graph(%x: f32[N,4,6,6]) { %a = Conv(%x, @f32[4,4,1,1]) %b = Conv(%x, @f32[4,4,1,1]) %c = Add(%a, %x) %y = MaxPool(%c) {kernel_shape=[2,2]} %z = GlobalAveragePool(%b) return %y, %z }", "Conv=2 Split=0")]
    // Other strides, kernels, groups or biases.
    [InlineData("graph(%x: f32[1,4,6,6]) { %a = Conv(%x, @f32[3,4,1,1]) {strides=[2,2]} %b = Conv(%x, @f32[5,4,1,1]) %y = GlobalAveragePool(%a) %z = GlobalAveragePool(%b) return %y, %z }", "Conv=2 Split=0")]
    [InlineData("graph(%x: f32[1,4,6,6]) { %a = Conv(%x, @f32[3,4,1,1], @f32[3]) %b = Conv(%x, @f32[5,4,1,1]) %y = GlobalAveragePool(%a) %z = GlobalAveragePool(%b) return %y, %z }", "Conv=2 Split=0")]
    [InlineData("graph(%x: f32[1,4,6,6]) { %a = Conv(%x, @f32[4,2,1,1]) {group=2} %b = Conv(%x, @f32[4,2,1,1]) {group=2} %y = GlobalAveragePool(%a) %z = GlobalAveragePool(%b) return %y, %z }", "Conv=2 Split=0")]
    // A graph's output is no part.
    [InlineData("graph(%x: f32[1,4,6,6]) { %a = Conv(%x, @f32[3,4,1,1]) %b = Conv(%x, @f32[5,4,1,1]) %z = GlobalAveragePool(%b) return %a, %z }", "Conv=2 Split=0")]
    // One row of a matrix: biases are joined like the weights.
    [InlineData("graph(%x: f32[1,1,8]) { %a = MatMul(%x, @f32[8,3]) %b = MatMul(%x, @f32[8,5]) %c = Add(%a, @f32[3]) %d = Add(%b, @f32[5]) %e = Tanh(%c) %f = Tanh(%d) %y = Softmax(%e) %z = Softmax(%f) return %y, %z }", "MatMul=1 Add=1 Tanh=1 Split=1")]
    [InlineData("graph(%x: f32[1,8]) { %a = Gemm(%x, @f32[3,8], @f32[3]) {transB=1} %b = Gemm(%x, @f32[5,8], @f32[5]) {transB=1} %c = Gemm(%x, @f32[8,5], @f32[5]) %y = Softmax(%a) %z = Softmax(%b) %w = Softmax(%c) return %y, %z, %w }", "Gemm=2 Split=1")]
    // The parts of several rows do not follow each other.
    [InlineData("graph(%x: f32[2,8]) { %a = MatMul(%x, @f32[8,3]) %b = MatMul(%x, @f32[8,5]) %y = Softmax(%a) %z = Softmax(%b) return %y, %z }", "MatMul=2 Split=0")]
    public void Siblings_are_joined_where_their_parts_are_read_in_place(string text, string counts)
    {
        Graph before = GraphParser.Parse(text), after = GraphParser.Parse(text);
        GraphPasses.Run(new JoinSiblings(), after, new PassContext { Diagnostics = new DiagnosticBag(), Verify = true });
        Assert.Equal(counts, string.Join(' ', counts.Split(' ').Select(c => c.Split('=')[0]).Select(name => $"{name}={after.Nodes.Count(n => n.Operator.Definition.Name == name)}")));
        foreach (long batch in (long[])[1, 3])
        {
            object?[] inputs = [.. before.Inputs.Select((v, i) => (object?)RandomTensor.Create(DataType.Float32, [.. v.Tensor!.Shape.Select(d => d.Evaluate(_ => batch))], (ulong)i))];
            IReadOnlyList<object?> expected = Interpreter.Run(before, inputs), actual = Interpreter.Run(after, inputs);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.Null(TensorComparison.Compare((Tensor)expected[i]!, (Tensor)actual[i]!, Tolerance.Exact).Problem);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Parts_are_not_copied(int seed)
    {
        Plan plan = CompiledCheck.Run(GraphParser.Parse(Inception), seed).Plan;
        Assert.DoesNotContain(plan.Steps, s => s.Kind is "Split" or "Concat");
        // The two of the joined convolution, the three of the concatenation.
        Assert.Equal(5, plan.Slots.Count(s => s.Kind == SlotKind.Part));
        Assert.Equal(5, plan.Steps.OfType<KernelStep>().Count(s => s.Request.Anchor is Conv));
    }

    [Fact]
    public void It_can_be_switched_off()
    {
        Plan plan = CompiledCheck.Run(GraphParser.Parse(Inception), 1, new HashSet<string> { nameof(JoinSiblings) }).Plan;
        Assert.Equal(6, plan.Steps.OfType<KernelStep>().Count(s => s.Request.Anchor is Conv));
    }
}
