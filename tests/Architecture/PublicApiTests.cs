using System.Reflection;
using System.Xml.Linq;

namespace Architecture;

/// <summary>The public surface of each library stands in api/*.txt, so that a change of it is seen in review. PEREGRINE_UPDATE_GOLDEN=1 rewrites the files.</summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Libraries => [.. Repository.Libraries];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_surface_is_as_recorded(string library)
    {
        string text = PublicApi.Print(Assembly.Load(library)), path = Repository.At("api", $"{library}.txt");
        if (Repository.UpdateGolden)
        {
            File.WriteAllText(path, text);
        }

        Assert.True(File.Exists(path), $"{Repository.Relative(path)} is missing; PEREGRINE_UPDATE_GOLDEN=1 writes it.");
        string[] recorded = File.ReadAllLines(path), actual = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] changes = [.. recorded.Except(actual).Select(l => $"- {l}"), .. actual.Except(recorded).Select(l => $"+ {l}")];
        Assert.True(recorded.SequenceEqual(actual), $"The public surface of {library} changed; PEREGRINE_UPDATE_GOLDEN=1 records it.\n{string.Join('\n', changes)}");
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Every_public_type_says_what_it_is(string library)
    {
        Assembly assembly = Assembly.Load(library);
        HashSet<string> documented = [.. XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")
            .Where(m => m.Element("summary")?.Value.Trim().Length > 0 || m.Element("inheritdoc") is not null)
            .Select(m => m.Attribute("name")!.Value)];
        string[] silent = [.. PublicApi.Types(assembly).Select(t => $"T:{t.FullName!.Replace('+', '.')}").Except(documented)];
        Assert.Empty(silent);
    }
}
