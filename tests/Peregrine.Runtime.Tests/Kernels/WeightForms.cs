using System.Runtime.InteropServices;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tests;

/// <summary>Packs weights by the words of <see cref="WeightForm"/>'s definition.</summary>
internal static class WeightForms
{
    public static byte[] Pack(WeightForm form, ReadOnlySpan<float> weights)
    {
        List<float> packed = [];
        for (int group = 0; group < form.Groups; group++)
        {
            for (int first = 0; first < form.Outputs; first += form.Width)
            {
                int width = Math.Min(form.Width, (form.Outputs - first + form.Lanes - 1) / form.Lanes * form.Lanes);
                for (int position = 0; position < form.Rows * form.Columns * form.Channels; position++)
                {
                    (int window, int channel) = Math.DivRem(position, form.Channels);
                    (int row, int column) = Math.DivRem(window, form.Columns);
                    for (int output = first; output < first + width; output++)
                    {
                        long at = (group * form.PerGroup) + (output * form.PerOutput) + (channel * form.PerChannel) + (row * form.PerRow) + (column * form.PerColumn);
                        packed.Add(output < form.Outputs ? weights[(int)at] : 0);
                    }
                }
            }
        }

        return MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(packed)).ToArray();
    }
}
