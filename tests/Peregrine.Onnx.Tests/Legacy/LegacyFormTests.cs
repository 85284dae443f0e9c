using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Legacy.OperatorForm;

namespace Peregrine.Onnx.Tests.Legacy;

/// <summary>Operators in the forms of opsets 1 to 12, and those of classical machine learning, mean what ONNX Runtime, or the operator's text, says.</summary>
public sealed class LegacyFormTests(PeerFixture fixture)
{
    private static readonly IReadOnlyList<OperatorForm> Forms = [.. LegacyForms.All, .. LegacyNetworkForms.All, .. MlForms.All];

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

    [Fact]
    public void Legacy_broadcasting_that_does_not_fit_is_named()
    {
        OperatorForm form = new OperatorForm("Add", 6).With("broadcast", 1).With("axis", 2).Input(Data(2, 3, 4), Data(3, 4));
        Diagnostics.ModelException error = Assert.Throws<Diagnostics.ModelException>(() => form.Check(fixture));
        Assert.Contains("PG2021", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"node\"", error.Message, StringComparison.Ordinal);
    }
}
