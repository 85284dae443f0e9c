using Peregrine.Backends.Cpu.Movement;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Resizing;

/// <summary>Works out the axes of a call.</summary>
internal static unsafe class ResizeAxes
{
    /// <summary>Inputs whose values decide where elements come from: sizes. (Scales are constants.)</summary>
    public static readonly int[] Steering = [3];

    /// <summary>Per axis of the tensor how it is resized; null for one that stays.</summary>
    public static ResizeAxis?[] Of(in KernelArguments arguments, Resize resize)
    {
        ReadOnlySpan<long> input = arguments.InputDims(0), output = arguments.OutputDims(0);
        if (input.Contains(0) && !output.Contains(0))
        {
            string from = Describe(arguments.Step.Request.Inputs[0].Type, input), to = Describe(arguments.Step.Request.Outputs[0].Type, output);
            throw new ModelException(Diagnostic.Error("PG2305", $"Resize \"{arguments.Step.Name}\": the empty input {from} cannot be resized to {to}."));
        }

        double[]? scales = Scales(arguments), sizes = scales is null ? [.. SteeringValues.Of(arguments, 3)!.Select(s => (double)s)] : null;
        ResizeAxis?[] axes = new ResizeAxis?[input.Length];
        foreach (ResizeAxis axis in ResizeGeometry.Plan(resize, input, output, scales, sizes, null))
        {
            axes[axis.Axis] = axis.IsIdentity ? null : axis;
        }

        return axes;
    }

    /// <summary>Per output position along an axis the neighbours and their weights; the position itself, alone, for an axis that stays.</summary>
    public static (int Taps, int[] Indices, float[] Weights) Neighbours(ResizeAxis? axis, Resize resize, long extent)
    {
        if (axis is not { } resized)
        {
            return (1, [.. Enumerable.Range(0, (int)extent)], [.. Enumerable.Repeat(1f, (int)extent)]);
        }

        int taps = resized.Taps(resize);
        int[] indices = new int[taps * resized.Output];
        double[] weights = new double[indices.Length];
        resized.FillWeights(resize, indices, weights);
        return (taps, indices, [.. weights.Select(w => (float)w)]);
    }

    private static double[]? Scales(in KernelArguments arguments)
    {
        if (arguments.Step.Inputs.Count <= 2 || arguments.Step.Inputs[2] < 0)
        {
            return null;
        }

        double[] scales = new double[Tensor.CountElements(arguments.InputDims(2))];
        for (int i = 0; i < scales.Length; i++)
        {
            scales[i] = ((float*)arguments.Input(2))[i];
        }

        return scales.Length == 0 ? null : scales;
    }

    private static string Describe(DataType type, ReadOnlySpan<long> dims) => $"{type.Name()}[{string.Join(',', dims.ToArray())}]";
}
