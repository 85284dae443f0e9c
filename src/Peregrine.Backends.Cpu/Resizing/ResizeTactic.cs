using Peregrine.Backends.Cpu.Movement;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Resizing;

/// <summary>Resize of any axes: nearest on any element type, linear and cubic on float32, in either layout.</summary>
internal sealed class ResizeTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.resize", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: Resize resize, Outputs: [var output], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        KernelOperand input = request.Inputs[0];
        if (resize.Antialias || resize.CoordinateMode == CoordinateTransformation.TfCropAndResize)
        {
            return new Verdict.Decline("neither filters against aliases nor crops");
        }

        if (request.Inputs.Count > 2 && request.Inputs[2].Role == OperandRole.Activation && request.Inputs[2].Dims is not [{ Max: 0 }])
        {
            return new Verdict.Decline("needs constant scales");
        }

        if (resize.Mode == ResizeMode.Nearest ? !MovementRequests.IsMovable(input.Type) : input.Type != DataType.Float32)
        {
            return new Verdict.Decline($"mode {resize.Mode} takes no {input.Type.Name()}");
        }

        if (resize.Mode != ResizeMode.Nearest && input.Dims.Count > 6)
        {
            return new Verdict.Decline("interpolates at most six axes");
        }

        bool isLast = MovementRequests.IsChannelsLast(input);
        if (input.Layout.IsRowMajor ? !output.Layout.IsRowMajor : !isLast || !MovementRequests.IsChannelsLast(output))
        {
            return new Verdict.Decline("input and output must both be row-major or channels-last");
        }

        if (isLast && ResizeGeometry.AxesOf(resize, input.Dims.Count).Contains(1) && input.Dims[1] != output.Dims[1])
        {
            return new Verdict.Decline("does not resize the channels of channels-last");
        }

        double taps = resize.Mode switch { ResizeMode.Nearest => 1, ResizeMode.Linear => 4, _ => 16 };
        return MovementRequests.Accept(device, MovementRequests.Bytes(input) + (taps * MovementRequests.Bytes(output)), isLast ? MovementRequests.Streaming : MovementRequests.Strided);
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        Resize resize = (Resize)request.Anchor!;
        return resize.Mode == ResizeMode.Nearest ? new NearestResize(request, resize)
            : request.Inputs[0].Layout.IsRowMajor ? new RowMajorInterpolation(request, resize)
            : new ChannelsLastInterpolation(request, resize);
    }
}
