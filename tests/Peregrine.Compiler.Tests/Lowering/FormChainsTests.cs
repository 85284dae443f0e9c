using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Planning;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>Which convolutions become chains, and that a chain computes what they do.</summary>
public sealed class FormChainsTests
{
    private const string Block = """
        graph(%x: f32[N,8,12,12]) {
          %e = Conv(%x, @f32[48,8,1,1], @f32[48]) %f = Relu(%e) %d = Conv(%f, @f32[48,1,3,3], @f32[48]) {group=48, pads=[1,1,1,1]} %g = Relu(%d)
          %p = Conv(%g, @f32[8,48,1,1], @f32[8]) %y = Add(%p, %x)
          return %y
        }
        """;

    [Theory]
    [InlineData(1.0, "Conv+Relu>Conv+Relu>Conv+Add")]
    [InlineData(1.5, "Conv+Relu>Conv+Relu>Conv+Add")]
    // As much as its links.
    [InlineData(3.0, "Conv+Relu Conv+Relu Conv+Add")]
    public void A_chain_is_formed_where_it_costs_less(double price, string steps) => Assert.Equal(steps, Steps(Block, price));

    [Theory]
    // What is between is read twice, or is a result.
    [InlineData("graph(%x: f32[2,8,6,6]) { %a = Conv(%x, @f32[8,8,1,1]) %b = Conv(%a, @f32[8,8,1,1]) %c = Conv(%a, @f32[8,8,3,3]) return %b, %c }", "Conv Conv Conv")]
    [InlineData("graph(%x: f32[2,8,6,6]) { %a = Conv(%x, @f32[8,8,1,1]) %b = Conv(%a, @f32[8,8,1,1]) return %a, %b }", "Conv Conv")]
    // Data of the first, not the second operand.
    [InlineData("graph(%x: f32[2,8,6,6]) { %a = Conv(%x, @f32[8,8,1,1]) %b = Conv(%x, @f32[8,8,1,1]) %c = Conv(%b, @f32[8,8,1,1]) %y = Add(%c, %a) return %y }", "Conv>Conv Conv+Add")]
    // Extents that only the call tells.
    [InlineData("graph(%x: f32[2,8,H,6]) { %a = Conv(%x, @f32[8,8,1,1]) %b = Conv(%a, @f32[8,8,1,1]) return %b }", "Conv Conv")]
    public void Only_what_nobody_else_reads_is_between_links(string text, string steps) => Assert.Equal(steps, Steps(text, 1));

    [Theory]
    // The mean joins though its image is read again, but not where that is no cheaper.
    [InlineData("graph(%x: f32[2,8,6,6]) { %a = Conv(%x, @f32[8,8,1,1]) %m = GlobalAveragePool(%a) %y = Mul(%a, %m) return %y }", 0.9, "Conv>GlobalAveragePool Mul")]
    [InlineData("graph(%x: f32[2,8,6,6]) { %a = Conv(%x, @f32[8,8,1,1]) %m = GlobalAveragePool(%a) %y = Mul(%a, %m) return %y }", 1.2, "Conv GlobalAveragePool Mul")]
    [InlineData("graph(%x: f32[2,8,H,6]) { %a = Conv(%x, @f32[8,8,1,1]) %m = GlobalAveragePool(%a) return %m, %a }", 0.9, "Conv GlobalAveragePool")]
    public void A_mean_of_what_a_convolution_makes_joins_it(string text, double price, string steps) => Assert.Equal(steps, Steps(text, price));

    [Fact]
    public void Chains_are_not_formed_where_that_is_switched_off() => Assert.Equal("Conv+Relu Conv+Relu Conv+Add", Steps(Block, 1, "FormChains"));

    [Theory]
    [InlineData(1)]
    public void Large_blocks_survive_a_file_and_agree_with_the_graph(int seed)
    {
        // Large enough to leave the second-level caches of today's processors.
        string text = Block.Replace("12,12", "126,125", StringComparison.Ordinal).Replace("N,", "1,", StringComparison.Ordinal).Replace("48", "96", StringComparison.Ordinal);
        Plan plan = CompiledCheck.Run(GraphParser.Parse(text), seed).Plan;
        Plan apart = CompiledCheck.Run(GraphParser.Parse(text), seed, new HashSet<string> { "FormChains" }).Plan;
        Assert.DoesNotContain(apart.Steps.OfType<KernelStep>(), s => s.Operator is Chain);
        Assert.All(plan.Steps.OfType<KernelStep>().Where(s => s.Operator is Chain), s => Assert.StartsWith("cpu.convolution.chain", s.Tactic.Name, StringComparison.Ordinal));
    }

    /// <summary>The steps that come out on a device where a convolution costs 1 and a chain so much.</summary>
    private static string Steps(string text, double chain, params string[] disabled)
    {
        using PricedBackend backend = new(r => r.Anchor switch { Chain => chain, Conv => 1, _ => 0.1 });
        Plan plan = ModelCompiler.Compile(
            GraphParser.Parse(text), backend, new() { Tuning = new() { Level = 0 }, Verify = true, Disabled = new HashSet<string>(disabled) }, cancellation: TestContext.Current.CancellationToken).Plan;
        return string.Join(' ', plan.Steps.Where(s => !s.Name.Contains("reformat", StringComparison.Ordinal) && s.Kind != "Identity").Select(s => s.Kind));
    }
}
