using Peregrine.Onnx.Tests.Legacy;

namespace Peregrine.Onnx.Tests.Community;

/// <summary>Nodes of com.microsoft, imported as graphs of standard operators, give what ONNX Runtime's own kernels give, or values computed by hand.</summary>
public sealed class CommunityFormTests(PeerFixture fixture)
{
    private static readonly IReadOnlyList<OperatorForm> Forms = [.. FloatForms.All, .. QuantizedForms.All, .. AttentionForms.All];

    public static TheoryData<string> Names => [.. Forms.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Form_gives_the_known_result(string name)
    {
        OperatorForm form = Forms.Single(f => f.Name == name);
        string? whyNot = form.Check(fixture);
        if (whyNot is not null && !form.HasExpected)
        {
            Assert.SkipWhen(fixture.Peer is null, whyNot);
            Assert.Fail($"Nothing confirms this form: {whyNot}");
        }
    }
}
