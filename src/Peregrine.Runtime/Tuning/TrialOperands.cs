using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>Values of all inputs of a request, on the device in the layouts that the request names, and what the reference makes of them.</summary>
internal sealed class TrialOperands : IDisposable
{
    private TrialOperands(TrialKind kind, DeviceBuffer?[] inputs, Tensor?[] expected)
    {
        Kind = kind;
        Inputs = inputs;
        Expected = expected;
    }

    public TrialKind Kind { get; }

    /// <summary>One per input; null where it is absent.</summary>
    public DeviceBuffer?[] Inputs { get; }

    /// <summary>One per output, row-major; null where it is absent.</summary>
    public Tensor?[] Expected { get; }

    /// <summary>Makes the values and runs the reference once.</summary>
    /// <exception cref="PeregrineException">The reference refuses such values.</exception>
    public static TrialOperands Make(TrialKind kind, IBackend backend, KernelRequest request, Operator oracle, OperandExtents extents, CancellationToken cancellation)
    {
        Tensor?[] values = [.. request.Inputs.Select((o, i) => o.Role == OperandRole.Absent ? null : TrialValues.Make(kind, request, extents, i))];
        Tensor?[] expected = Reference(request, oracle, extents, values, cancellation);
        DeviceBuffer?[] inputs = new DeviceBuffer?[values.Length];
        TrialOperands operands = new(kind, inputs, expected);
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
                LayoutConversion.StoreWhole(tensor, layout, memory.Span);
            }

            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private static Tensor?[] Reference(KernelRequest request, Operator oracle, OperandExtents extents, Tensor?[] inputs, CancellationToken cancellation)
    {
        bool[] wanted = [.. request.Outputs.Select(o => o.Role != OperandRole.Absent)];
        // The request tells the types of what is wanted; a reference may also write an output that nobody wants, whose shape inference knows.
        Ir.IrType[] types = Array.TrueForAll(wanted, w => w)
            ? [.. request.Outputs.Select((o, i) => new Ir.TensorType(o.Type, Symbolics.Shape.Of(extents.Outputs[i].AsSpan())))]
            : ReferenceEvaluator.InferConcrete(oracle, "trial", inputs, [], wanted, new());
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
