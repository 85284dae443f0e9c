using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators.TextOperators;

public sealed class TextTests
{
    [Theory]
    [InlineData(null, null, "  a  b c ", "a|b|c")]
    [InlineData(null, 1L, "  a  b c ", "a|b c ")]
    [InlineData(",", null, "a,,b", "a||b")]
    [InlineData(",", 1L, "a,b,c", "a|b,c")]
    public void SplitIsPythons(string? delimiter, long? most, string text, string expected)
    {
        object?[] results = ReferenceEvaluator.Evaluate(new StringSplit(delimiter, most), "node", [new Tensor([1], [text])], [], [true, true]);
        Assert.Equal(expected, string.Join('|', ((Tensor)results[0]!).Strings));
        Assert.Equal(expected.Split('|').Length, ((Tensor)results[1]!).Span<long>()[0]);
    }

    [Theory]
    [InlineData(@"\d+", "12", true)]
    [InlineData(@"\d+", "12a", false)]
    [InlineData(@"\d+", "١٢", false)]
    [InlineData("a|ab", "ab", true)]
    [InlineData("a", "a\n", false)]
    [InlineData(@"(?P<x>[\w.]+)@b", "a_1.c@b", true)]
    public void RegexMatchesTheWholeTextInAscii(string pattern, string text, bool expected) =>
        Assert.Equal((byte)(expected ? 1 : 0), Run(new RegexFullMatch(pattern), new Tensor([1], [text])).Data.Span[0]);

    [Fact]
    public void ABrokenPatternIsAnError() =>
        Assert.Equal("PG2171", Assert.Throws<ModelException>(() => Run(new RegexFullMatch("(a"), new Tensor([1], ["a"]))).Diagnostics[0].Code);

    [Fact]
    public void ConcatBroadcasts() =>
        Assert.Equal(["ax", "ay", "bx", "by"], Run(new StringConcat(), new Tensor([2, 1], ["a", "b"]), new Tensor([2], ["x", "y"])).Strings);

    private static Tensor Run(Operator op, params Tensor[] inputs) => (Tensor)ReferenceEvaluator.Evaluate(op, "node", inputs, [], [true])[0]!;
}
