using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>ONNX's RMSNormalization under the name and in the domain (ai.onnx) that ONNX Runtime's optimizer gave it before ONNX had it.</summary>
internal static class SimplifiedLayerNormalizationImport
{
    public static readonly ForeignSchema Schema = new ForeignSchema("SimplifiedLayerNormalization", "", Import)
        .Inputs("X", "scale").Outputs("Y", "inv_std_var?")
        .Int("axis", -1).Float("epsilon", 1e-5f).Int("stash_type", 1);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        Value y = n.Call(new RMSNormalization(n.Int("axis"), n.Float("epsilon"), (DataType)(int)Math.Clamp(n.Int("stash_type"), -1, int.MaxValue)), n[0], n[1]);
        return n.Wants(1) ? [y, InverseDeviation(n, n[0]!, n.Int("axis"), n.Float("epsilon"))] : [y];
    }

    /// <summary>1 / √(mean of squares + epsilon) over the axes from <paramref name="axis"/> on, as float32; null after reporting that the rank is unknown.</summary>
    private static Value? InverseDeviation(ForeignNode n, Value x, long axis, float epsilon)
    {
        if (x.Tensor?.Shape is not { IsRanked: true } shape || axis < -shape.Rank || axis >= shape.Rank)
        {
            n.Fail($"the input is {x.Type}, but inv_std_var over axis {axis} needs a known rank.");
            return null;
        }

        int first = (int)(axis < 0 ? axis + shape.Rank : axis);
        Value axes = n.Integers([.. Enumerable.Range(first, shape.Rank - first).Select(i => (long)i)]);
        Value wide = x.Tensor.ElementType == DataType.Float32 ? x : n.Call(new Cast(DataType.Float32), x);
        Value squares = n.Call(new ReduceMean(), n.Call(new Mul(), wide, wide), axes);
        return n.Call(new Reciprocal(), n.Call(new Sqrt(), n.Call(new Add(), squares, n.Number(DataType.Float32, epsilon))));
    }
}
