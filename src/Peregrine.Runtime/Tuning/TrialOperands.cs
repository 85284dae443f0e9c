using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>Values of all inputs of a request, on the device in the layouts that the request names, and what the reference makes of them.</summary>
internal sealed class TrialOperands : IDisposable
{
    private TrialOperands(TrialKind kind, DeviceBuffer?[] inputs, Tensor?[] expected, byte[]?[] stored)
    {
        Kind = kind;
        Inputs = inputs;
        Expected = expected;
        Stored = stored;
    }

    public TrialKind Kind { get; }

    /// <summary>One per input; null where it is absent.</summary>
    public DeviceBuffer?[] Inputs { get; }

    /// <summary>One per output, row-major; null where it is absent.</summary>
    public Tensor?[] Expected { get; }

    /// <summary>The expected results as they are to be stored, halo and padding included; null for what is absent or row-major.</summary>
    public byte[]?[] Stored { get; }

    /// <summary>Every byte between the pixels of operands: numbers that a kernel which reads or writes there cannot hide.</summary>
    public const byte Foreign = 0xFE;

    /// <summary>Makes the values and runs the reference once.</summary>
    /// <exception cref="PeregrineException">The reference refuses such values.</exception>
    public static TrialOperands Make(TrialKind kind, IBackend backend, KernelRequest request, Operator oracle, OperandExtents extents, CancellationToken cancellation)
    {
        Tensor?[] values = [.. request.Inputs.Select((o, i) => o.Role == OperandRole.Absent ? null : TrialValues.Make(kind, request, extents, i))];
        Tensor?[] expected = Reference(request, oracle, extents, values, cancellation);
        DeviceBuffer?[] inputs = new DeviceBuffer?[values.Length];
        TrialOperands operands = new(kind, inputs, expected, [.. expected.Select((t, i) => t is null || request.Outputs[i].Layout.IsRowMajor ? null : InLayout(t, request.Outputs[i].Layout))]);
        try
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                if (values[i] is { } tensor)
                {
                    inputs[i] = Store(backend, tensor, request.Inputs[i].Layout);
                }
            }

            return operands;
        }
        catch
        {
            operands.Dispose();
            throw;
        }
    }

    /// <summary>A further copy of an input.</summary>
    public static DeviceBuffer Copy(IBackend backend, DeviceBuffer source)
    {
        DeviceBuffer copy = backend.Allocate(source.Length);
        Host(source, 0, source.Length).CopyTo(Host(copy, 0, source.Length));
        return copy;
    }

    /// <summary>Device memory as the host sees it.</summary>
    /// <exception cref="BackendException">The host cannot reach it.</exception>
    public static Memory<byte> Host(DeviceBuffer buffer, long offset, long length) =>
        buffer.TryGetHostMemory(offset, checked((int)length), out Memory<byte> memory) ? memory : throw new BackendException("The host cannot reach this device's memory.");

    /// <summary>Bytes that a tensor takes in a layout.</summary>
    public static long StoredBytes(DataType type, Layout layout, ReadOnlySpan<long> dims)
    {
        long bytes = Tensor.CheckedBytes(type, dims);
        return layout.IsRowMajor ? bytes : checked(layout.Resolve(dims).Elements * (type.Bits() / 8));
    }

    public void Dispose()
    {
        foreach (DeviceBuffer? buffer in Inputs)
        {
            buffer?.Dispose();
        }
    }

    private static byte[] InLayout(Tensor tensor, Layout layout)
    {
        byte[] stored = new byte[StoredBytes(tensor.Type, layout, tensor.Dims)];
        LayoutConversion.StoreWhole(tensor, layout, stored, Foreign);
        return stored;
    }

    private static DeviceBuffer Store(IBackend backend, Tensor tensor, Layout layout)
    {
        long bytes = StoredBytes(tensor.Type, layout, tensor.Dims);
        DeviceBuffer buffer = backend.Allocate(bytes);
        try
        {
            Memory<byte> memory = Host(buffer, 0, bytes);
            if (layout.IsRowMajor)
            {
                tensor.Data.CopyTo(memory);
            }
            else
            {
                LayoutConversion.StoreWhole(tensor, layout, memory.Span, Foreign);
            }

            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>The types of the results for these very inputs. Extents that were assumed symbol by symbol need not fit together, and a kernel trusts them.</summary>
    private static IrType[] TypesOf(Operator oracle, OperandExtents extents, Tensor?[] inputs, bool[] wanted)
    {
        if (oracle is not Region region)
        {
            return ReferenceEvaluator.InferConcrete(oracle, "trial", inputs, [], wanted, new());
        }

        // A region is not inferred as a whole: that would overwrite the types in its body. Its result has the shape of its anchor, and its other operands broadcast to it.
        int anchorInputs = region.Anchor?.Inputs.Count ?? 0;
        IrType result = region.Body.Outputs[0].Value.Type is TensorType type ? type with { Shape = Shape.Of(extents.Outputs[0].AsSpan()) } : IrType.Unknown;
        if (region.Anchor is { } anchor
            && ReferenceEvaluator.InferConcrete(anchor.Operator, "trial", inputs[..anchorInputs], [], [true], new())[0] is var made && !Equals((made as TensorType)?.Shape, (result as TensorType)?.Shape))
        {
            throw new BindingException($"The extents do not fit together: the anchor makes {made} of {extents}.");
        }

        for (int i = anchorInputs; i < inputs.Length; i++)
        {
            ReadOnlySpan<long> dims = extents.Inputs[i].AsSpan(), target = extents.Outputs[0].AsSpan();
            for (int axis = 1; axis <= dims.Length; axis++)
            {
                if (axis > target.Length || (dims[^axis] != 1 && dims[^axis] != target[^axis]))
                {
                    throw new BindingException($"The extents do not fit together: input {i} does not broadcast in {extents}.");
                }
            }
        }

        return [result];
    }

    private static Tensor?[] Reference(KernelRequest request, Operator oracle, OperandExtents extents, Tensor?[] inputs, CancellationToken cancellation)
    {
        bool[] wanted = [.. request.Outputs.Select(o => o.Role != OperandRole.Absent)];
        IrType[] types = TypesOf(oracle, extents, inputs, wanted);
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] && types[i] != new TensorType(request.Outputs[i].Type, Shape.Of(extents.Outputs[i].AsSpan())))
            {
                throw new BindingException($"The extents do not fit together: output {i} is {types[i]}, but {request.Outputs[i].Type.Name()}{extents.Outputs[i]} is planned.");
            }
        }

        EvaluationScope scope = new(oracle, "trial", inputs.Length, types, wanted, cancellation);
        for (int i = 0; i < inputs.Length; i++)
        {
            scope.BindInput(i, inputs[i]);
        }

        Tensor?[] expected = new Tensor?[wanted.Length];
        for (int i = 0; i < wanted.Length; i++)
        {
            expected[i] = wanted[i] ? Tensor.Allocate(request.Outputs[i].Type, extents.Outputs[i].AsSpan()) : null;
            scope.BindOutput(i, expected[i]);
        }

        scope.Execute();
        return expected;
    }
}
