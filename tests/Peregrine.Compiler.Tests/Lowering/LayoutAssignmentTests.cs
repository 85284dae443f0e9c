using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>Where activations lie, decided by what tactics and conversions are said to cost.</summary>
public sealed class LayoutAssignmentTests
{
    // The backend of these tests prices what it is asked for, chains of convolutions as well.
    private static readonly HashSet<string> WithoutChains = ["FormChains"];

    private const string Chain = "graph(%x: f32[1,3,8,8]) { %c = Conv(%x, @f32[8,3,1,1]) %y = Conv(%c, @f32[8,8,1,1]) return %y }";
    private const string TwoReaders = "graph(%x: f32[1,3,8,8]) { %c = Conv(%x, @f32[8,3,1,1]) %p = GlobalAveragePool(%c) %q = GlobalMaxPool(%c) return %p, %q }";

    [Fact]
    public void A_convolution_may_read_row_major_and_write_channels_last()
    {
        KernelStep[] steps = Lower(Chain, conversion: 1, (read, write) => (read, write) switch
        {
            (false, false) => 4,
            (false, true) => 1.5,
            (true, true) => 1,
            _ => double.PositiveInfinity,
        });
        Assert.Equal(["RC", "CC", "CR"], steps.Select(Layouts));
        Assert.Null(steps[^1].Request.Anchor);
    }

    [Fact]
    public void Conversions_that_cost_more_than_they_spare_are_not_made() =>
        Assert.Equal(["RR", "RR"], Lower(Chain, conversion: 100, (read, write) => (read, write) switch
        {
            (false, false) => 4,
            (true, true) => 1,
            _ => double.PositiveInfinity,
        }).Select(Layouts));

    [Fact]
    public void A_value_is_converted_once_for_all_its_readers() =>
        Assert.Equal(["RC", "CR", "RR", "RR"], Lower(TwoReaders, conversion: 1, (_, write) => write ? 1 : 10, readers: (read, _) => read ? double.PositiveInfinity : 1).Select(Layouts));

    [Fact]
    public void Readers_that_take_both_spare_the_conversion() =>
        Assert.Equal(["RC", "CR", "CR"], Lower(TwoReaders, conversion: 1, (_, write) => write ? 1 : 10, readers: (read, write) => write ? double.PositiveInfinity : read ? 1.5 : 1).Select(Layouts));

    [Fact]
    public void What_no_tactic_takes_in_another_layout_stays_row_major() =>
        Assert.Equal(["RR", "RR"], Lower(Chain, conversion: 0, (read, write) => read || write ? double.PositiveInfinity : 1).Select(Layouts));

    /// <summary>Tactics price what they may have to move; a batch without bound must not make every conversion dearer than the slowest kernel.</summary>
    [Fact]
    public void Conversions_of_an_open_batch_cost_what_they_do_at_typical_extents()
    {
        using PricedBackend backend = new(request => request.Anchor is null
            ? request.Inputs[0].Dims.Aggregate(1e-6, (product, d) => product * d.Max)
            : request.Outputs[0].Layout.IsRowMajor ? 1000 : request.Inputs[0].Layout.IsRowMajor ? 2 : 1);
        const string Open = "graph(%x: f32[n,3,8,8]) { %c = Conv(%x, @f32[8,3,1,1]) %y = Conv(%c, @f32[8,8,1,1]) return %y }";
        EngineContent content = ModelCompiler.Compile(GraphParser.Parse(Open), backend, new() { Tuning = new() { Level = 0 }, Disabled = WithoutChains });
        Assert.Equal(["CC", "CC", "CR"], content.Plan.Steps.Cast<KernelStep>().Select(Layouts).TakeLast(3));
    }

    /// <summary>The kernel steps of a graph in order.</summary>
    /// <param name="conversion">Seconds of any conversion.</param>
    /// <param name="convolutions">Seconds of a convolution, by whether it reads and writes channels-last.</param>
    /// <param name="readers">The same of everything else.</param>
    private static KernelStep[] Lower(string text, double conversion, Func<bool, bool, double> convolutions, Func<bool, bool, double>? readers = null)
    {
        using PricedBackend backend = new(request =>
        {
            bool read = !request.Inputs[0].Layout.IsRowMajor, write = !request.Outputs[0].Layout.IsRowMajor;
            return request.Anchor switch
            {
                null => conversion,
                Conv => convolutions(read, write),
                _ => readers!(read, write),
            };
        });
        EngineContent content = ModelCompiler.Compile(GraphParser.Parse(text), backend, new() { Tuning = new() { Level = 0 }, Disabled = WithoutChains });
        return [.. content.Plan.Steps.Cast<KernelStep>()];
    }

    /// <summary>R or C for what a step reads, and for what it writes.</summary>
    private static string Layouts(KernelStep step) => $"{Letter(step.Request.Inputs[0])}{Letter(step.Request.Outputs[0])}";

    private static char Letter(KernelOperand operand) => operand.Layout.IsRowMajor ? 'R' : 'C';
}
