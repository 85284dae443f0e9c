using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>How an operand of an epilogue varies over the result [images, channels, pixels] that it is combined with.</summary>
/// <param name="Input">Its number among the request's inputs.</param>
/// <param name="PerImage">It may differ from image to image; at run time a batch extent of 1 stands for all.</param>
/// <param name="PerChannel">It differs from channel to channel.</param>
/// <param name="PixelStride">Floats from pixel to pixel; 0 if it is the same for all.</param>
internal sealed record OperandBinding(int Input, bool PerImage, bool PerChannel, long PixelStride)
{
    /// <summary>Binds every further input of a request; null, with a reason, if one does not fit.</summary>
    /// <param name="channelAxis">The channels' axis in the result: 1 for convolutions, the last for matrix products.</param>
    public static ValueList<OperandBinding>? Bind(KernelRequest request, int channelAxis, out string reason)
    {
        List<OperandBinding> bindings = [];
        for (int input = request.AnchorInputCount; input < request.Inputs.Count; input++)
        {
            if (Of(request.Inputs[input], input, request.Outputs[0], channelAxis, out reason) is not { } binding)
            {
                return null;
            }

            bindings.Add(binding);
        }

        reason = "";
        return ValueList.From(bindings);
    }

    /// <summary>A one-dimensional operand of the anchor itself: its bias.</summary>
    public static OperandBinding Bias(int input) => new(input, PerImage: false, PerChannel: true, 0);

    public static OperandBinding? Of(KernelOperand operand, int input, KernelOperand result, int channelAxis, out string reason)
    {
        reason = $"epilogue operand {input} ({operand}) does not broadcast to {result} by whole channels, pixels or images";
        int shift = result.Dims.Count - operand.Dims.Count;
        if (operand.Type != DataType.Float32 || shift < 0)
        {
            return null;
        }

        bool isLast = channelAxis == result.Dims.Count - 1;
        bool perImage = false, perChannel = false;
        bool? perPixel = null;
        for (int axis = 0; axis < result.Dims.Count; axis++)
        {
            KernelDim wanted = result.Dims[axis], own = axis < shift ? KernelDim.Static(1) : operand.Dims[axis - shift];
            if (wanted is { Min: 1, Max: 1 } && own is { Min: 1, Max: 1 })
            {
                continue;
            }

            bool varies = !(own is { Min: 1, Max: 1 });
            if (varies && own != wanted)
            {
                return null;
            }

            if (axis == channelAxis)
            {
                perChannel = varies;
            }
            else if (axis == 0 && !isLast)
            {
                perImage = varies;
            }
            else if (perPixel is null || perPixel == varies)
            {
                perPixel = varies;
            }
            else
            {
                return null;
            }
        }

        if (perPixel != true)
        {
            // Images' channels must follow each other without gaps.
            return operand.Layout.IsRowMajor || ChannelsLast.PixelStride(operand) == operand.Dims[1].Min ? Accept(0, out reason) : null;
        }

        // A matrix's rows are its pixels; an image's pixels need all channels side by side, or one channel.
        long channels = result.Dims[channelAxis].Max;
        if (!perChannel)
        {
            return operand.Layout.IsRowMajor ? Accept(1, out reason) : ChannelsLast.PixelStride(operand) is { } apart && shift == 0 ? Accept(apart, out reason) : null;
        }

        return isLast ? operand.Layout.IsRowMajor ? Accept(channels, out reason) : null
            : ChannelsLast.PixelStride(operand) is { } stride && shift == 0 ? Accept(stride, out reason) : null;

        OperandBinding Accept(long pixelStride, out string none)
        {
            none = "";
            return new(input, perImage, perChannel, pixelStride);
        }
    }
}
