using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu;

/// <summary>Reads operands [batch, channels, spatial…] whose pixels have their channels side by side.</summary>
internal static class ChannelsLast
{
    /// <summary>
    /// Elements from pixel to pixel of an operand that lies channels-last, without halo or blocks; null if it does not. A row-major operand with one channel or one pixel lies both ways.
    /// </summary>
    public static long? PixelStride(KernelOperand operand)
    {
        if (operand.Dims.Count < 3 || !operand.Dims[1].IsStatic)
        {
            return null;
        }

        long channels = operand.Dims[1].Min;
        if (operand.Layout.IsRowMajor)
        {
            return channels == 1 || operand.Dims.Skip(2).All(d => d is { Min: 1, Max: 1 }) ? channels : null;
        }

        return operand.Layout == Layout.ChannelsLast(operand.Dims.Count, operand.Layout.InnerStride) ? Math.Max(channels, operand.Layout.InnerStride) : null;
    }
}
