using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Packing;

/// <summary>How a kernel wants a constant operand to be packed.</summary>
/// <param name="Input">The operand.</param>
/// <param name="Key">
/// Names the packed form, also in engine files: equal keys on the same constant share the packed copy, and whoever packs otherwise under otherwise equal circumstances needs another key.
/// </param>
/// <param name="Bytes">Size of the packed form.</param>
/// <param name="Parts">Parts of the work, 1 or more; they write different bytes, in any order and on any thread.</param>
/// <param name="Pack">Does one part.</param>
internal sealed record WeightPacking(int Input, string Key, long Bytes, int Parts, PackWeights Pack)
{
    /// <summary>How the constant can be had again from the packed form; null if that cannot be told.</summary>
    public WeightForm? Form { get; init; }
}

/// <summary>Packs a part of a row-major constant; the target is zeroed.</summary>
internal unsafe delegate void PackWeights(byte* source, byte* target, int part);
