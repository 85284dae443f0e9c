namespace Peregrine.Operators;

/// <summary>An operator whose body a device computes with one kernel; the body is no control flow.</summary>
public interface IFusedOperator : ISubgraphOperator;
