using Peregrine.Backends.Cpu.Movement;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Pointwise;

/// <summary>
/// The loops of a pointwise computation over broadcast operands, in the order in which the output lies in memory: axes of extent 1 are dropped, axes that all operands pass through alike are one.
/// Strides are in elements; operands are numbered as the inputs, the output last.
/// </summary>
internal sealed class PointwiseNest
{
    private readonly List<(long Extent, long[] Strides)> _axes = [];

    /// <param name="output">The output.</param>
    /// <param name="inputs">Inputs of the output's shape, or shapes that broadcast to it.</param>
    public PointwiseNest(StoredTensor output, IReadOnlyList<StoredTensor> inputs)
    {
        foreach (int axis in Enumerable.Range(0, output.Dims.Length).Where(a => output.Dims[a] != 1).OrderByDescending(a => output.Strides[a]))
        {
            long extent = output.Dims[axis];
            long[] strides = [.. inputs.Select(i => StrideOf(i, axis - output.Dims.Length + i.Dims.Length)), output.Strides[axis]];
            if (_axes.Count > 0 && _axes[^1].Strides.Zip(strides).All(s => s.First == s.Second * extent))
            {
                _axes[^1] = (_axes[^1].Extent * extent, strides);
            }
            else
            {
                _axes.Add((extent, strides));
            }
        }
    }

    /// <summary>The axes, the innermost last.</summary>
    public IReadOnlyList<(long Extent, long[] Strides)> Axes => _axes;

    /// <summary>
    /// For each input whether it is the same along the innermost axis; null, with the number of the operand at fault, if one is neither the same nor consecutive there.
    /// </summary>
    public bool[]? Broadcasts(out int culprit)
    {
        long[] inner = _axes.Count == 0 ? [] : _axes[^1].Strides;
        culprit = Array.FindIndex(inner, s => s is not (0 or 1));
        return culprit >= 0 ? null : [.. inner.SkipLast(1).Select(s => s == 0)];
    }

    /// <summary>Makes rows as a kernel takes them: where the innermost axis does not fit, each element is a row.</summary>
    public void Adapt(ReadOnlySpan<bool> broadcasts)
    {
        bool fits = _axes.Count > 0 && _axes[^1].Strides[^1] == 1;
        for (int i = 0; fits && i < broadcasts.Length; i++)
        {
            fits = _axes[^1].Strides[i] == (broadcasts[i] ? 0 : 1);
        }

        if (!fits)
        {
            _axes.Add((1, new long[broadcasts.Length + 1]));
        }
    }

    // A dim of 1 is repeated, as one that is not there.
    private static long StrideOf(StoredTensor input, int axis) => axis < 0 || input.Dims[axis] == 1 ? 0 : input.Strides[axis];
}
