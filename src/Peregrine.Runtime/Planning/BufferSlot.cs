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
    /// <summary>
    /// A range of one axis of another slot, in that slot's memory. Either a step writes it (a concatenation whose parts are computed in place: no step writes the whole), or it is there with what it
    /// is a part of (a split that copies nothing).
    /// </summary>
    Part,
}

/// <summary>One value of a plan.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">The value's name in the graph.</param>
/// <param name="FirstStep">The step that writes it; −1 for inputs and constants.</param>
/// <param name="LastStep">The last step that reads it; the number of steps for plan outputs.</param>
/// <param name="Contents">The elements of a <see cref="SlotKind.Dims"/>; null otherwise.</param>
/// <param name="Target">The viewed slot of a <see cref="SlotKind.View"/> or <see cref="SlotKind.Part"/>, the constant's number of a <see cref="SlotKind.Constant"/>; else −1.</param>
public sealed record BufferSlot(int Index, string Name, IrType Type, Layout Layout, SlotKind Kind, int FirstStep, int LastStep, int Target = -1, Shape? Contents = null)
{
    /// <summary>The axis along which a <see cref="SlotKind.Part"/> is one; 0 for other kinds.</summary>
    public int Axis { get; init; }

    /// <summary>The target's index along <see cref="Axis"/> at which a <see cref="SlotKind.Part"/> begins; 0 for other kinds.</summary>
    public long Start { get; init; }
}
