using Peregrine.Compiler.Fusions;
using Peregrine.Rewriting;
using Peregrine.TestKit;

namespace Peregrine.Compiler.Tests.Fusions;

public sealed class FusionRewriteTests
{
    private static readonly Rewrite[] Rules = [.. RecognitionRewrites.All, .. FusionRewrites.All, .. KernelRewrites.All];

    public static TheoryData<string> Names => [.. Rules.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Examples_hold(string name) => Assert.Null(RewriteExamples.Check(Rules.Single(r => r.Name == name)));
}
