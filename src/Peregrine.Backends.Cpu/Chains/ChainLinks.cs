using Peregrine.Backends.Cpu.Products;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>The links of a chain's request as requests of their own.</summary>
/// <param name="Requests">One per link; what is between two links lies channels-last.</param>
/// <param name="FirstInputs">Per link, what is to be added to the number of an input, the first apart, to have the number of the step's input.</param>
/// <param name="Mean">The mean of the last link's result, where that is a result, too.</param>
internal sealed record ChainLinks(IReadOnlyList<KernelRequest> Requests, IReadOnlyList<int> FirstInputs, KernelRequest? Mean)
{
    /// <summary>Convolutions.</summary>
    public int Count => Requests.Count;

    /// <summary>Bytes of what a link makes for the next, of one image where their number is known at run time only.</summary>
    public double BytesBetween(int link) => Requests[link].Outputs[0].Dims.Aggregate((double)sizeof(float), (product, d) => product * (d.IsStatic ? d.Min : 1));

    /// <summary>Reads a request; null, with a reason, if it is no chain, or extents other than the number of images are known at run time only.</summary>
    /// <param name="pixelStride">Floats from pixel to pixel between two links, from the channels; 0 for dense ones.</param>
    public static ChainLinks? Of(KernelRequest request, Func<long, long> pixelStride, out string reason)
    {
        reason = "takes chains of convolutions";
        if (request.Anchor is not Chain { Links: { Count: > 0 } links } chain || links.Sum(l => l.InputCount) - links.Count + 1 != request.Inputs.Count || request.Outputs.Count != (chain.HasMean ? 2 : 1))
        {
            return null;
        }

        if (request.Inputs.Concat(request.Outputs).Any(o => o.Role == OperandRole.Absent || o.Type != DataType.Float32 || o.Dims.Skip(1).Any(d => !d.IsStatic)))
        {
            reason = "needs float32 and, but for the batch, extents that are known when the engine is built";
            return null;
        }

        List<KernelRequest> requests = [];
        List<int> shifts = [];
        KernelOperand? before = null;
        int taken = 0;
        for (int i = 0; i < links.Count; i++)
        {
            int further = links[i].InputCount - (before is null ? 0 : 1);
            shifts.Add(before is null ? 0 : taken - 1);
            IEnumerable<KernelOperand> own = request.Inputs.Skip(taken).Take(further);
            ValueList<KernelOperand> inputs = ValueList.From(before is null ? own : own.Prepend(before));
            taken += further;
            before = i == links.Count - 1 ? request.Outputs[0] : Result(links[i].Convolution, inputs, pixelStride);
            if (before is null)
            {
                reason = "needs images and kernels that fit together";
                return null;
            }

            requests.Add(new(links[i].Convolution, inputs, [before], links[i].Epilogue));
        }

        return new(requests, shifts, chain.HasMean ? new(new GlobalAveragePool(), [request.Outputs[0]], [request.Outputs[1]], null) : null);
    }

    /// <summary>What a convolution makes of its inputs; null if they do not fit together.</summary>
    private static KernelOperand? Result(Conv conv, ValueList<KernelOperand> inputs, Func<long, long> pixelStride)
    {
        ValueList<KernelDim> x = inputs[0].Dims, w = inputs[1].Dims;
        int spatial = x.Count - 2;
        if (spatial < 1 || w.Count != x.Count || conv.Window.Problem(spatial) is not null || (Int128)w[1].Min * conv.Group != x[1].Min)
        {
            return null;
        }

        WindowGeometry geometry = conv.Window.Resolve([.. x.Skip(2).Select(d => (Dim)d.Min)], [.. w.Skip(2).Select(d => (Dim)d.Min)]);
        KernelDim[] dims = [x[0], w[0], .. geometry.Axes.Select(a => KernelDim.Static(a.Output is { IsConstant: true, Constant: > 0 } output ? output.Constant : 0))];
        return Array.TrueForAll(dims[1..], d => d.Min > 0) ? new(OperandRole.Activation, DataType.Float32, Layout.ChannelsLast(x.Count, pixelStride(w[0].Min)), ValueList.From(dims)) : null;
    }

    /// <summary>The links, and behind them the mean.</summary>
    public IEnumerable<KernelRequest> Parts => Mean is null ? Requests : Requests.Append(Mean);

    /// <summary>Where each part finds its operands.</summary>
    /// <param name="images">The number of images.</param>
    /// <param name="offset">Where what each link makes for the next lies in shared temporary memory.</param>
    public LinkOperands[] Operands(long images, Func<int, long> offset) => [.. Parts.Select((r, i) => i == Count ? LinkOperands.OfMean : new LinkOperands(
        FirstInputs[i], i == 0 ? null : Dims(r.Inputs[0], images), i == 0 ? 0 : offset(i - 1), i == Count - 1 ? null : Dims(r.Outputs[0], images), i == Count - 1 ? 0 : offset(i)))];

    /// <summary>The extents of an operand for so many images.</summary>
    public static long[] Dims(KernelOperand operand, long images) => [images, .. operand.Dims.Skip(1).Select(d => d.Min)];
}
