using Peregrine.Operators;
using Peregrine.Runtime.Planning;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>Fusions that are taken back because the device's kernels do not like them.</summary>
public sealed class SplitRegionsTests
{
    private const string Excite = """
        graph(%x: f32[N,24,9,11]) {
          %c = Conv(%x, @f32[24,24,1,1]) %s = HardSigmoid(%c)
          %g = GlobalAveragePool(%s) %f = Conv(%g, @f32[6,24,1,1], @f32[6]) %r = Relu(%f) %h = Conv(%r, @f32[24,6,1,1], @f32[24]) %e = HardSigmoid(%h)
          %m = Mul(%e, %s) %p = Conv(%m, @f32[12,24,1,1], @f32[12]) %y = Relu(%p)
          return %y
        }
        """;

    [Theory]
    // A pointwise operator without kernel does not take its convolution with it to the reference, nor what stands between.
    [InlineData("graph(%x: f32[2,8,6,6]) { %c = Conv(%x, @f32[8,8,1,1]) %r = Relu(%c) %t = Cos(%r) %y = Neg(%t) return %y }", "Cos(", "Conv+Relu Cos+Neg")]
    [InlineData("graph(%x: f32[2,8]) { %c = MatMul(%x, @f32[8,8]) %t = Cos(%c) return %t }", "Cos(", "MatMul Cos")]
    // Two values would have to be stored between Tanh and Mul: the cut is made elsewhere.
    [InlineData("graph(%x: f32[2,8]) { %c = MatMul(%x, @f32[8,8]) %s = Tanh(%c) %m = Mul(%c, %s) %t = Cos(%m) return %t }", "Cos(", "MatMul+Tanh+Mul Cos")]
    [InlineData("graph(%x: f32[2,8]) { %c = MatMul(%x, @f32[8,8]) %s = Tanh(%c) %m = Mul(%c, %s) return %m }", "Cos(", "MatMul+Tanh+Mul")]
    [InlineData("graph(%x: f32[2,8], %z: f32[2,8]) { %c = MatMul(%x, @f32[8,8]) %s = Sub(%z, %c) %t = Relu(%s) return %t }", "Subtract(", "MatMul Sub+Relu")]
    // Numbers go where they are used.
    [InlineData("graph(%x: f32[2,8]) { %c = MatMul(%x, @f32[8,8]) %s = Mul(%c, @f32[]) %t = Cos(%s) %y = Clip(%t, @f32[], @f32[1]) return %y }", "Cos(", "MatMul+Mul Cos+Clip")]
    public void What_no_kernel_takes_along_gets_a_step_of_its_own(string text, string refused, string steps)
    {
        // A step costs one; what holds the refused function together with an anchor costs ten.
        using PricedBackend backend = new(r => r.Inputs.Concat(r.Outputs).Any(o => !o.Layout.IsRowMajor) ? double.PositiveInfinity
            : r.Anchor is not null && r.Epilogue?.ToString().Contains(refused, StringComparison.Ordinal) == true ? 10 : 1);
        Plan plan = ModelCompiler.Compile(GraphParser.Parse(text), backend, new() { Tuning = new() { Level = 0 }, Verify = true }, cancellation: TestContext.Current.CancellationToken).Plan;
        Assert.Equal(steps, string.Join(' ', plan.Steps.Select(s => s.Kind)));
        CompiledCheck.Run(GraphParser.Parse(text), 1);
    }

    [Fact]
    public void What_only_the_reference_would_take_is_split()
    {
        Plan plan = CompiledCheck.Run(GraphParser.Parse("graph(%x: f32[2,40,9,9]) { %c = Conv(%x, @f32[24,40,3,3]) %r = Relu(%c) %t = Cos(%r) %p = MaxPool(%t) {kernel_shape=[2,2]} return %p }"), 1).Plan;
        KernelStep convolution = Assert.Single(plan.Steps.OfType<KernelStep>(), s => s.Request.Anchor is Conv);
        Assert.DoesNotContain("reference", convolution.Tactic.Name, StringComparison.Ordinal);
        Assert.Equal("Conv+Relu", convolution.Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_squeeze_and_excite_block_scales_weights_where_pixels_are_many(int seed)
    {
        Plan plan = CompiledCheck.Run(GraphParser.Parse(Excite), seed).Plan;
        Assert.Contains(plan.Steps.OfType<KernelStep>(), s => s.Request.Anchor is ScaledConv);
        Assert.DoesNotContain(plan.Steps, s => s.Kind == "Mul");
    }

    [Fact]
    public void A_squeeze_and_excite_block_scales_data_where_pixels_are_few()
    {
        Plan plan = CompiledCheck.Run(GraphParser.Parse(Excite.Replace("9,11", "1,2", StringComparison.Ordinal)), 1).Plan;
        Assert.DoesNotContain(plan.Steps.OfType<KernelStep>(), s => s.Request.Anchor is ScaledConv);
        Assert.Single(plan.Steps, s => s.Kind == "Mul");
    }

    [Fact]
    public void Neither_happens_where_it_is_switched_off()
    {
        Plan plan = CompiledCheck.Run(GraphParser.Parse(Excite.Replace("9,11", "1,2", StringComparison.Ordinal)), 1, new HashSet<string> { "SplitRegions" }).Plan;
        Assert.Contains(plan.Steps.OfType<KernelStep>(), s => s.Request.Anchor is ScaledConv);
        plan = CompiledCheck.Run(GraphParser.Parse(Excite), 1, new HashSet<string> { "FuseScaledConv" }).Plan;
        Assert.DoesNotContain(plan.Steps.OfType<KernelStep>(), s => s.Request.Anchor is ScaledConv);
    }
}
