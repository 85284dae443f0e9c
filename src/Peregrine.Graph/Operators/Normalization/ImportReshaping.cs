using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>The reshapings with which import rules bring old forms of normalizations to the newest one.</summary>
internal static class ImportReshaping
{
    /// <summary>The value as a matrix: dimensions before <paramref name="axis"/> by all others.</summary>
    public static Value? Matrix(ImportScope s, Value? value, long axis) => Missing(s, $"as a matrix at axis {axis}", value);

    /// <summary>The value as a vector.</summary>
    public static Value? Vector(ImportScope s, Value? value) => Missing(s, "as a vector", value);

    /// <summary>The first value in the shape of the second one.</summary>
    public static Value? Like(ImportScope s, Value? value, Value? shape) => Missing(s, $"like {shape}", value);

    /// <summary>A vector of <paramref name="count"/> elements with every element repeated <paramref name="times"/> times.</summary>
    public static Value? RepeatEach(ImportScope s, Value? vector, long count, long times) => Missing(s, $"{count} by {times}", vector);

    private static Value? Missing(ImportScope s, string what, Value? value)
    {
        s.Error("PG2024", $"this old form needs {value} {what}, which needs Reshape.");
        return null;
    }
}
