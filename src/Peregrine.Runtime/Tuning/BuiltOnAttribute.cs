namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Names, by a type of each, the assemblies that decide on the kernels of an assembly of tactics, beside operators and runtime: a timing or a checked kernel is only good for what was built of the same code.
/// A program that is compiled to machine code as a whole knows no references, so they are told.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class BuiltOnAttribute(params Type[] types) : Attribute
{
    /// <summary>A type of each assembly.</summary>
    public IReadOnlyList<Type> Types { get; } = types;
}
