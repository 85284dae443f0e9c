using Peregrine.Ir;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Format;

/// <summary>All that an engine consists of: what the compiler makes, what a file holds, what the runtime runs. It holds recipes, never machine code.</summary>
/// <param name="Plan">The program.</param>
/// <param name="Constants">Canonical weights by number; <see cref="BufferSlot.Target"/> of constant slots refers to them, also in sub-plans. Derived ones carry their derivation.</param>
/// <param name="Profiles">The optimization profiles for which it was built; the first is the default. Empty: any shape that the model allows.</param>
/// <param name="Manifest">What to tell about it.</param>
public sealed record EngineContent(Plan Plan, IReadOnlyList<Constant> Constants, IReadOnlyList<OptimizationProfile> Profiles, EngineManifest Manifest)
{
    /// <summary>Constants as kernels want them: copies that save the packing when the engine is loaded, or, with a form, all that the file holds of a constant.</summary>
    public IReadOnlyList<PackedWeight> Packed { get; init; } = [];
}

/// <summary>Facts about an engine and how it was built; JSON in the file.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Builder">Name and version of the program that built it.</param>
/// <param name="Precision">Allowed precisions, e.g. <c>fp32</c>.</param>
/// <param name="Level">Builder optimization level.</param>
/// <param name="Device">Fingerprint of the device it was tuned for.</param>
/// <param name="DeviceName">That device as the system calls it.</param>
/// <param name="SourceNodes">Nodes of the source model.</param>
/// <param name="Passes">The passes that ran, in order.</param>
/// <param name="Declines">Per kernel step name, why tactics that were asked before the chosen one declined.</param>
/// <param name="Origin">Identifies the program that made and checked the kernels of these recipes, and the features of its device; empty if unknown.</param>
public sealed record EngineManifest(
    string Model,
    string Builder,
    string Precision,
    int Level,
    string Device,
    string DeviceName,
    int SourceNodes,
    IReadOnlyList<string> Passes,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Declines,
    string Origin = "");
