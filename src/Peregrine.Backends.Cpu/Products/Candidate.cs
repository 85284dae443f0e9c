namespace Peregrine.Backends.Cpu.Products;

/// <summary>A way to cut a problem up.</summary>
/// <param name="Cycles">The estimate for all workers together.</param>
internal sealed record Candidate<TShape>(TShape Shape, double Cycles)
    where TShape : class;
