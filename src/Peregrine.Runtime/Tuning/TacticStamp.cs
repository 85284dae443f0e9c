using System.Collections.Concurrent;
using System.Reflection;
using Peregrine.Operators;
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

    /// <summary>The assembly, those that it says it is built on, and those of every tactic: operators and this one.</summary>
    private static IEnumerable<string> Modules(Assembly assembly) =>
        assembly.GetCustomAttributes<BuiltOnAttribute>().SelectMany(attribute => attribute.Types).Select(type => type.Assembly)
            .Append(assembly).Append(typeof(Operator).Assembly).Append(typeof(ITactic).Assembly).Distinct().Select(a => a.ManifestModule.ModuleVersionId.ToString("N"));
}
