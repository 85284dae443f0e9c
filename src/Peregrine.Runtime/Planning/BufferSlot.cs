using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;

namespace Peregrine.Runtime.Planning;

/// <summary>Where a slot's memory comes from.</summary>
public enum SlotKind
{
    /// <summary>Bound by the caller or by the step around a sub-plan.</summary>
    Input,
    /// <summary>A constant of the plan.</summary>
    Constant,
    /// <summary>A place in the context's arena, planned from the slot's lifetime.</summary>
    Arena,
    /// <summary>A buffer of its own that grows: the size has no bound that the input shapes give.</summary>
    Growable,
    /// <summary>A managed object: strings, sequences, optionals, tensors whose rank or size the data decide.</summary>
    Managed,
    /// <summary>The memory of another slot under another shape; costs nothing.</summary>
    View,
    /// <summary>A small integer tensor of dims that the shape program computes.</summary>
    Dims,
}

/// <summary>One value of a plan.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">The value's name in the graph.</param>
/// <param name="FirstStep">The step that writes it; −1 for inputs and constants.</param>
/// <param name="LastStep">The last step that reads it; the number of steps for plan outputs.</param>
/// <param name="Contents">The elements of a <see cref="SlotKind.Dims"/>; null otherwise.</param>
/// <param name="Target">The viewed slot of a <see cref="SlotKind.View"/>, the constant's number of a <see cref="SlotKind.Constant"/>; else −1.</param>
public sealed record BufferSlot(int Index, string Name, IrType Type, Layout Layout, SlotKind Kind, int FirstStep, int LastStep, int Target = -1, Shape? Contents = null);
