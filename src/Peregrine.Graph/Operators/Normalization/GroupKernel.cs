namespace Peregrine.Operators;

/// <summary>Normalization of each instance per group of neighbouring channels: the kernel of GroupNormalization and InstanceNormalization.</summary>
internal static class GroupKernel
{
    /// <summary>X [N, C, …] in input 0, scale [C] in input 1, bias [C] in input 2; <paramref name="groups"/> divides C.</summary>
    public static void Run(EvaluationScope c, long groups, float epsilon)
    {
        AxisSplit split = AxisSplit.At(c.Dims(0), 1);
        ReadOnlySpan<double> x = c.Read<double>(0), scale = c.Read<double>(1), bias = c.Read<double>(2);
        Span<double> y = c.Write<double>(0);
        if (x.IsEmpty)
        {
            return;
        }

        int perGroup = (int)(split.Extent / groups), area = (int)split.Inner;
        for (int block = 0; block < split.Outer * groups; block++)
        {
            int start = block * perGroup * area, firstChannel = (int)(block % groups) * perGroup;
            Moments moments = Moments.Of(x.Slice(start, perGroup * area));
            double inverse = 1 / Math.Sqrt(moments.Variance + epsilon);
            for (int i = 0; i < perGroup * area; i++)
            {
                int channel = firstChannel + (i / area);
                y[start + i] = ((x[start + i] - moments.Mean) * inverse * scale[channel]) + bias[channel];
            }
        }
    }
}
