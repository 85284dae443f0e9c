using System.Text.RegularExpressions;
using Peregrine.TestKit;

namespace Peregrine.Cli.Tests;

/// <summary>The pages on kinds of fusion show commands and what they print; this runs the commands.</summary>
public sealed partial class FusionPageTests(Workplace place)
{
    public static TheoryData<string> Pages { get; } = ["vertical", "horizontal", "elimination"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Commands_print_what_the_page_says(string page)
    {
        string path = $"docs/fusions/{page}.md", text = File.ReadAllText(Path.Combine(SharedMaterial.Repository!, path));
        Assert.Equal(2, Block().Count(text));
        string made = Block().Replace(text, m => $"```console\n$ peregrine {m.Groups["arguments"].Value}\n{Output(m.Groups["arguments"].Value)}```\n");
        string? difference = Golden.Compare(path, made);
        Assert.True(difference is null, difference);
    }

    [Fact]
    public void An_engine_has_no_graph_to_print()
    {
        CliProcess.Run("inspect", place.EngineFile, "--graph").ExpectMessage(2, "--graph");
    }

    private static string Output(string arguments) => CliProcess.Run(arguments.Split(' ').Select(a => a.StartsWith("samples/", StringComparison.Ordinal) ? Sample(a) : a)).Expect(0).Output;

    private static string Sample(string path) => Path.Combine(SharedMaterial.Repository!, path);

    [GeneratedRegex(@"```console\n\$ peregrine (?<arguments>[^\n]*)\n(.*?\n)??```\n", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();
}
