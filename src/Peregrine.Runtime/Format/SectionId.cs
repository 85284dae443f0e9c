namespace Peregrine.Runtime.Format;

/// <summary>What a section of an engine file holds. Numbers are part of the format and never reused.</summary>
public enum SectionId
{
    /// <summary>JSON: name, inputs, outputs, what built the engine and for which device.</summary>
    Manifest = 1,
    /// <summary>Symbols and optimization profiles.</summary>
    Symbols = 2,
    /// <summary>Steps, slots and shape program.</summary>
    Plan = 3,
    /// <summary>Kernel recipes: request, tactic id and version, option.</summary>
    Recipes = 4,
    /// <summary>Canonical weights; bulk.</summary>
    Weights = 5,
    /// <summary>Weights packed for the tactics chosen at build time; bulk.</summary>
    PackedWeights = 6,
    /// <summary>Names of the source nodes behind each step.</summary>
    Provenance = 7,
    /// <summary>Measured times of the candidates; optional.</summary>
    Tuning = 8,
    /// <summary>The directory of the canonical weights: types, shapes and places of all tensors, names and derivations of the constants.</summary>
    Constants = 9,
    /// <summary>The directory of <see cref="PackedWeights"/>: constants, keys, lengths, forms.</summary>
    PackedDirectory = 10,
}

/// <summary>How a reader treats a section.</summary>
[Flags]
public enum SectionTraits
{
    /// <summary>Optional and covered by the header hash.</summary>
    None = 0,
    /// <summary>A reader that does not know the section must refuse the file.</summary>
    Required = 1,
    /// <summary>Large: hashed in chunks only, left out of the header hash.</summary>
    Bulk = 2,
}
