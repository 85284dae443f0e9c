using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>LayerNormalization and RMSNormalization on row-major float32 with a scale (and bias) for the elements of a row, or one for all.</summary>
internal sealed class LayerNormalizationTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.layer-normalization", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: LayerNormalization or RMSNormalization, Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        foreach (KernelOperand operand in request.Inputs.Concat(request.Outputs).Where(o => o.Role != OperandRole.Absent))
        {
            if (operand.Type != DataType.Float32 || !operand.Layout.IsRowMajor)
            {
                return new Verdict.Decline($"takes row-major float32 only, not {operand}");
            }
        }

        int axis = AxisOf(request);
        for (int i = 1; i < request.Inputs.Count; i++)
        {
            if (request.Inputs[i].Role != OperandRole.Absent && !IsPerRow(request.Inputs[i], request.Inputs[0], axis))
            {
                return new Verdict.Decline($"operand {i} is not one row long");
            }
        }

        return MovementRequests.Accept(device, 3 * MovementRequests.Bytes(request.Inputs[0]));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) =>
        new LayerNormalizationKernel(AxisOf(request), request.Anchor is LayerNormalization layer ? layer.Epsilon : ((RMSNormalization)request.Anchor!).Epsilon, request.Anchor is LayerNormalization);

    /// <summary>Scale and bias as long as a row, whose dims are known.</summary>
    private static bool IsPerRow(KernelOperand operand, KernelOperand data, int axis)
    {
        IEnumerable<KernelDim> own = operand.Dims.SkipWhile(d => d is { Min: 1, Max: 1 }), row = data.Dims.Skip(axis).SkipWhile(d => d is { Min: 1, Max: 1 });
        return own.All(d => d.IsStatic) && own.SequenceEqual(row);
    }

    private static int AxisOf(KernelRequest request) =>
        Axes.Normalise(request.Anchor is LayerNormalization layer ? layer.Axis : ((RMSNormalization)request.Anchor!).Axis, request.Inputs[0].Dims.Count);
}

/// <summary>One row after the other: mean, mean square around it, and the affine map.</summary>
internal sealed unsafe class LayerNormalizationKernel(int axis, float epsilon, bool isCentered) : ICpuKernel
{
    public int TileCount(in KernelArguments arguments, int phase) => RowTable.From(arguments.InputDims(0), axis).Tiles;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        RowTable table = RowTable.From(arguments.InputDims(0), axis);
        float* input = (float*)arguments.Input(0), scale = (float*)arguments.Input(1), output = (float*)Output(arguments, 0);
        float* bias = arguments.Step.Inputs.Count > 2 ? (float*)arguments.Input(2) : null, means = (float*)Output(arguments, 1), inverses = (float*)Output(arguments, 2);
        long end = Math.Min(tiles.End * table.PerTile, table.Rows);
        for (long row = tiles.Begin * table.PerTile; row < end; row++)
        {
            float* x = input + (row * table.Step);
            float mean = isCentered ? (float)(FloatRows.Sum(x, table.Length, 0, squared: false) / table.Length) : 0;
            float inverse = (float)(1 / Math.Sqrt((FloatRows.Sum(x, table.Length, mean, squared: true) / table.Length) + epsilon));
            FloatRows.Affine(x, output + (row * table.Step), table.Length, mean, inverse, scale, bias);
            if (means != null)
            {
                means[row] = mean;
            }

            if (inverses != null)
            {
                inverses[row] = inverse;
            }
        }
    }

    private static byte* Output(in KernelArguments arguments, int index) => index < arguments.Step.Outputs.Count ? arguments.Output(index) : null;
}
