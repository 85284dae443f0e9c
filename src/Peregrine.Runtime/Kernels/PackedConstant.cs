namespace Peregrine.Runtime.Kernels;

/// <summary>A constant in the form in which kernels want it, from an engine file.</summary>
/// <param name="Constant">Its number.</param>
/// <param name="Key">Names the form; a backend takes it only for a key that it would pack under itself, and of just the size that it expects.</param>
/// <param name="Buffer">The packed bytes, at a multiple of 64.</param>
public sealed record PackedConstant(int Constant, string Key, DeviceBuffer Buffer);

/// <summary>How a program reads a constant.</summary>
/// <param name="Constant">Its number.</param>
/// <param name="Key">Names the packed form; empty if it reads the constant as it is.</param>
/// <param name="Form">How the constant can be had again from the packed form; null if that cannot be told.</param>
/// <param name="Packed">The packed bytes, valid as long as the program; empty if the constant is read as it is.</param>
public sealed record ConstantUse(int Constant, string Key, WeightForm? Form, Memory<byte> Packed);
