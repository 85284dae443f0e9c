namespace Peregrine.Tests;

/// <summary>Tests that measure the whole process: nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
#pragma warning disable CA1711 // xunit's word for it.
public sealed class Alone;
#pragma warning restore CA1711
