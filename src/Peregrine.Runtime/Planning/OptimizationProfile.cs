using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>The extents of one input under a profile: 0 ≤ min ≤ opt ≤ max per dimension; equal in all three for a static dimension.</summary>
public sealed record ProfileInput(string Input, Ints Min, Ints Opt, Ints Max);

/// <summary>A range of input shapes for which an engine is built: valid over all of [min, max], chosen fastest at opt. Inputs that it does not name keep the model's own ranges.</summary>
public sealed record OptimizationProfile(string Name, ValueList<ProfileInput> Inputs);
