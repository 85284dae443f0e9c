using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Tells builds of a tactic's code apart: while a tactic is being developed its version stays and its kernels change, and a time or a proof of the old kernel says nothing of the new one.
/// Compilers make the identity of a module from its contents, so that equal code has an equal stamp.
/// </summary>
internal static class TacticStamp
{
    private static readonly ConcurrentDictionary<Assembly, string> Stamps = new();

    public static string Of(ITactic tactic) => Of(tactic.GetType().Assembly);

    public static string Of(Assembly tactics) => Stamps.GetOrAdd(tactics, assembly => TimingCache.KeyOf(string.Join(' ', Modules(assembly).Order(StringComparer.Ordinal)))[..8]);

    /// <summary>The assembly and those of ours that it is built on: code generation, operators.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A reference that trimming removes is one to code that nothing uses.")]
    private static IEnumerable<string> Modules(Assembly assembly)
    {
        string family = typeof(ITactic).Assembly.GetName().Name!.Split('.')[0];
        return assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith(family, StringComparison.Ordinal)).Select(Assembly.Load).Append(assembly).Select(a => a.ManifestModule.ModuleVersionId.ToString("N"));
    }
}
