using System.Reflection;
using System.Xml.Linq;

namespace Architecture;

/// <summary>Who may know whom. A new project needs a line here, and with it a decision.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Peregrine.Graph"] = [],
        ["Peregrine.CodeGen.X64"] = [],
        ["Peregrine.Onnx"] = ["Peregrine.Graph"],
        ["Peregrine.Runtime"] = ["Peregrine.Graph"],
        ["Peregrine.Compiler"] = ["Peregrine.Graph", "Peregrine.Runtime"],
        ["Peregrine.Backends.Cpu"] = ["Peregrine.CodeGen.X64", "Peregrine.Graph", "Peregrine.Runtime"],
        ["Peregrine.Conformance"] = ["Peregrine.Graph", "Peregrine.Onnx"],
        ["Peregrine"] = ["Peregrine.Backends.Cpu", "Peregrine.CodeGen.X64", "Peregrine.Compiler", "Peregrine.Graph", "Peregrine.Onnx", "Peregrine.Runtime"],
        ["Peregrine.Cli"] = ["Peregrine", "Peregrine.Conformance"],
    };

    private static readonly Dictionary<string, string[]> AllowedPackages = new(StringComparer.Ordinal)
    {
        ["Peregrine.Runtime"] = ["Microsoft.Extensions.Logging.Abstractions"],
        ["Peregrine.CodeGen.X64"] = ["Iced"],
        ["Peregrine.Cli"] = ["Spectre.Console", "System.CommandLine"],
    };

    /// <summary>Friends besides an assembly's own tests, each with its reason in the project file.</summary>
    private static readonly HashSet<(string Library, string Friend)> Friends = [("Peregrine.Graph", "Peregrine.Backends.Cpu"), ("Peregrine.Graph", "Peregrine.Onnx"), ("Peregrine.Graph", "Peregrine.Runtime")];

    [Fact]
    public void Projects_reference_only_what_the_map_allows()
    {
        List<string> problems = [];
        foreach (string file in Repository.Files("src", "*.csproj"))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            XDocument project = XDocument.Load(file);
            if (!Allowed.TryGetValue(name, out string[]? allowed))
            {
                problems.Add($"{name} is not on the map.");
                continue;
            }

            problems.AddRange(Included(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/'))).Except(allowed).Select(r => $"{name} must not reference {r}."));
            problems.AddRange(Included(project, "PackageReference").Except(AllowedPackages.GetValueOrDefault(name, [])).Select(p => $"{name} must not use the package {p}."));
            problems.AddRange(Included(project, "InternalsVisibleTo").Where(f => f != $"{name}.Tests" && !Friends.Contains((name, f))).Select(f => $"{name} must not show its internals to {f}."));
        }

        Assert.Empty(problems);
    }

    [Fact]
    public void Assemblies_reference_only_what_the_map_allows()
    {
        List<string> problems = [];
        foreach (string name in Repository.Libraries)
        {
            IEnumerable<string> references = Assembly.Load(name).GetReferencedAssemblies().Select(r => r.Name!).Where(r => r.StartsWith("Peregrine", StringComparison.Ordinal));
            problems.AddRange(references.Except(Allowed[name]).Select(r => $"{name} must not reference {r}."));
        }

        Assert.Empty(problems);
    }

    [Fact]
    public void Every_library_is_examined() =>
        Assert.Equal(
            Repository.Files("src", "*.csproj").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => n != "Peregrine.Cli").Order(StringComparer.Ordinal),
            Repository.Libraries.Order(StringComparer.Ordinal));

    private static IEnumerable<string> Included(XDocument project, string item) => project.Descendants(item).Attributes("Include").Select(a => a.Value);
}
