using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>Results in the memory of operands that nobody reads any more.</summary>
public sealed class MemoryTakeoverTests
{
    // An image of 16 channels.
    private const long Image = 2 * 16 * 40 * 40 * sizeof(float);

    [Fact]
    public void A_convolution_adds_to_what_dies_there() => Check("%r = Relu(%x) %a = Conv(%r, @f32[16,16,1,1]) %b = Conv(%a, @f32[16,16,1,1]) %y = Add(%b, %r)", 2);

    [Fact]
    public void By_Winograd_too() => Check("%r = Relu(%x) %a = Conv(%r, @f32[16,16,3,3]) {pads=[1,1,1,1]} %b = Conv(%a, @f32[16,16,3,3]) {pads=[1,1,1,1]} %y = Add(%b, %r)", 2);

    [Theory]
    // Its data is what it adds.
    [InlineData("%r = Relu(%x) %a = Conv(%r, @f32[16,16,3,3]) {pads=[1,1,1,1]} %y = Add(%a, %r)", 2)]
    [InlineData("%r = Relu(%x) %a = Conv(%r, @f32[16,16,1,1]) %y = Add(%a, %r)", 2)]
    // Somebody reads it later.
    [InlineData("%r = Relu(%x) %a = Conv(%r, @f32[16,16,1,1]) %b = Conv(%a, @f32[16,16,1,1]) %c = Add(%b, %r) %d = Conv(%c, @f32[16,16,1,1]) %y = Add(%d, %r)", 3)]
    public void Nothing_is_overwritten_that_is_still_read(string nodes, int images) => Check(nodes, images);

    /// <param name="images">So many are there at once.</param>
    private static void Check(string nodes, int images) => CompiledCheck.Run(
        GraphParser.Parse($"graph(%x: f32[2,16,40,40]) {{ {nodes} %z = GlobalMaxPool(%y) return %z }}"), 1,
        inspect: context => Assert.InRange(context.PlannedPeakBytes, images * Image, (images * Image) + (Image / 2)));
}
