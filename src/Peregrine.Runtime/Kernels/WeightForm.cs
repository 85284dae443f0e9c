using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Kernels;

/// <summary>
/// A packed form of float32 weights from which the row-major ones can be had again, bit by bit: [group][block of <paramref name="Width"/> outputs][row][column][channel][output of the block]. The last
/// block of a group is as wide as the outputs that are left, rounded up to whole <paramref name="Lanes"/>; what is behind them is zero. An engine file that holds this form needs no other copy.
/// </summary>
/// <param name="Groups">Groups of outputs that are packed by themselves.</param>
/// <param name="Outputs">Outputs of a group.</param>
/// <param name="PerGroup">Elements from one group to the next in the row-major weights; the other strides likewise.</param>
/// <param name="Width">Outputs of a block: a multiple of <paramref name="Lanes"/>.</param>
public sealed record WeightForm(int Groups, int Outputs, int Channels, int Rows, int Columns, long PerGroup, long PerOutput, long PerChannel, long PerRow, long PerColumn, int Width, int Lanes)
{
    private const int MostWidth = 1 << 16;

    /// <summary>Elements of the row-major weights, once <see cref="WhyNot"/> has nothing against the form.</summary>
    public long Elements => Outputs * (long)Groups * Patch;

    /// <summary>Bytes of the packed weights, once <see cref="WhyNot"/> has nothing against the form.</summary>
    public long Bytes => sizeof(float) * Groups * Patch * RoundUp(Outputs);

    private long Patch => (long)Channels * Rows * Columns;

    /// <summary>Why the form does not give each of so many elements a place of its own; null if it does.</summary>
    public string? WhyNot(long elements)
    {
        ReadOnlySpan<long> extents = [Groups, Outputs, Channels, Rows, Columns], strides = [PerGroup, PerOutput, PerChannel, PerRow, PerColumn];
        if (Groups < 1 || Outputs < 1 || Channels < 1 || Rows < 1 || Columns < 1 || Lanes < 1 || Width < Lanes || Width > MostWidth || Width % Lanes != 0)
        {
            return "its extents are impossible";
        }

        // The axes, from the innermost on, must fill the row-major order without gaps.
        long next = 1;
        int left = 0b11111;
        while (left != 0)
        {
            int inner = -1;
            for (int axis = 0; axis < extents.Length; axis++)
            {
                inner = (left >> axis & 1) != 0 && (extents[axis] == 1 || strides[axis] == next) ? axis : inner;
            }

            if (inner < 0 || next > elements)
            {
                return "its strides leave elements out or take them twice";
            }

            next *= extents[inner];
            left &= ~(1 << inner);
        }

        return next == elements ? null : $"it is one of {next} elements, not of {elements}";
    }

    /// <summary>Restores the row-major weights, <see cref="Elements"/> of them.</summary>
    public void Unpack(ReadOnlySpan<byte> packed, Span<byte> weights)
    {
        ReadOnlySpan<float> from = MemoryMarshal.Cast<byte, float>(packed);
        Span<float> to = MemoryMarshal.Cast<byte, float>(weights);
        int at = 0;
        for (int group = 0; group < Groups; group++)
        {
            for (int first = 0; first < Outputs; first += Width)
            {
                int count = Math.Min(Width, Outputs - first), width = (int)RoundUp(count);
                for (int row = 0; row < Rows; row++)
                {
                    for (int column = 0; column < Columns; column++)
                    {
                        long start = (group * PerGroup) + (first * PerOutput) + (row * PerRow) + (column * PerColumn);
                        for (int channel = 0; channel < Channels; channel++, at += width)
                        {
                            for (int output = 0; output < count; output++)
                            {
                                to[(int)(start + (channel * PerChannel) + (output * PerOutput))] = from[at + output];
                            }
                        }
                    }
                }
            }
        }
    }

    private long RoundUp(int outputs) => ((long)outputs + Lanes - 1) / Lanes * Lanes;
}
