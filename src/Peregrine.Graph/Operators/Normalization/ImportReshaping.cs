using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The reshapings with which import rules bring old forms of normalizations to the newest one.</summary>
internal static class ImportReshaping
{
    /// <summary>The value as a matrix: dimensions before <paramref name="axis"/> by all others.</summary>
    public static Value? Matrix(ImportScope s, Value? value, long axis) => value is null ? null : s.Builder.Call(new Flatten(axis), value);

    /// <summary>The value as a vector.</summary>
    public static Value? Vector(ImportScope s, Value? value) => value is null ? null : s.Builder.Call(new Reshape(), value, s.Constant("flat", Tensor.Vector<long>(-1)));

    /// <summary>The first value in the shape of the second one.</summary>
    public static Value? Like(ImportScope s, Value? value, Value? shape) =>
        value is null || shape is null ? null : s.Builder.Call(new Reshape(), value, s.Builder.Call(new ShapeOf(), shape));

    /// <summary>A vector of <paramref name="count"/> elements with every element repeated <paramref name="times"/> times.</summary>
    public static Value? RepeatEach(ImportScope s, Value? vector, long count, long times)
    {
        if (vector is null)
        {
            return null;
        }

        Value column = s.Builder.Call(new Reshape(), vector, s.Constant("column", Tensor.Vector(count, 1L)));
        return Vector(s, s.Builder.Call(new Expand(), column, s.Constant("repeated", Tensor.Vector(count, times))));
    }
}
