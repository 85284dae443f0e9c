using Peregrine.Ir;
using Peregrine.Symbolics;

namespace Peregrine.Runtime.Planning;

/// <summary>A result of the plan under the name by which callers ask for it.</summary>
public sealed record PlanOutput(string Name, int Slot);

/// <summary>
/// What an engine runs: slots, steps in order, and the program that computes their shapes. Immutable; made by the compiler or read from an engine file. Sub-plans (branches,
/// bodies) have slots and steps of their own and share the constants.
/// </summary>
public sealed class Plan
{
    public Plan(string name, IReadOnlyList<BufferSlot> slots, IReadOnlyList<int> inputs, IReadOnlyList<PlanOutput> outputs, IReadOnlyList<Step> steps, ShapeProgram shapes, IReadOnlyList<Symbol> symbols)
    {
        Name = name;
        Slots = slots;
        Inputs = inputs;
        Outputs = outputs;
        Steps = steps;
        Shapes = shapes;
        Symbols = symbols;
    }

    public string Name { get; }

    public IReadOnlyList<BufferSlot> Slots { get; }

    /// <summary>Slots of the inputs, in the graph's order.</summary>
    public IReadOnlyList<int> Inputs { get; }

    public IReadOnlyList<PlanOutput> Outputs { get; }

    public IReadOnlyList<Step> Steps { get; }

    public ShapeProgram Shapes { get; }

    /// <summary>Every symbol that occurs, with its range under the engine's optimization profile.</summary>
    public IReadOnlyList<Symbol> Symbols { get; }

    /// <summary>This plan's steps and those of all sub-plans.</summary>
    public IEnumerable<Step> AllSteps => Steps.SelectMany(s => s.Subplans.SelectMany(p => p.AllSteps).Prepend(s));
}
