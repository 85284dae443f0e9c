namespace Peregrine.Operators;

/// <summary>An operator whose output 0 has the elements of input 0 in the same order, under dimensions that its type tells: a view, which costs nothing at run time.</summary>
public interface IReshaping;
