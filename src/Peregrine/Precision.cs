namespace Peregrine;

/// <summary>Number formats in which an engine may compute.</summary>
[Flags]
public enum Precision
{
    /// <summary>Always allowed.</summary>
    Float32 = 0,
    Float16 = 1,
    BFloat16 = 2,
    Int8 = 4,
}
