using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Where all candidates of one request are tried: the operands' values and the reference's results, made once, and the memory that the candidates share. Nothing in it is of a particular device.
/// </summary>
internal sealed class TrialBench : IDisposable
{
    /// <summary>Operands beyond this are tried with one kind of values only.</summary>
    private const long ManyBytes = 128L << 20;

    /// <summary>A reference that takes longer is run on one kind of values only.</summary>
    private static readonly TimeSpan SlowReference = TimeSpan.FromSeconds(1);

    // What stands before and behind each result; a kernel that writes there is wrong.
    private const int Guard = 256;
    private const byte GuardByte = 0xA5;

    // Copies of the operands that change from run to run; together they exceed a second-level cache, so that a kernel finds its input where the layer before has left it.
    private const int MaxCopies = 8;
    private const long CopiedBytes = 8L << 20;

    private readonly List<TrialOperands> _operands = [];
    private readonly DeviceBuffer?[][] _inputCopies;
    private readonly DeviceBuffer?[][] _outputCopies;

    private TrialBench(IBackend backend, KernelRequest request, Operator oracle, OperandExtents extents)
    {
        Backend = backend;
        Request = request;
        Oracle = oracle;
        Extents = extents;
        OutputBytes = [.. request.Outputs.Select((o, i) => o.Role == OperandRole.Absent ? 0 : TrialOperands.StoredBytes(o.Type, o.Layout, extents.Outputs[i].AsSpan()))];
        long changing = Math.Max(1, InputBytes(OperandRole.Activation) + OutputBytes.Sum());
        Copies = (int)Math.Clamp((CopiedBytes + changing - 1) / changing, 2, MaxCopies);
        _inputCopies = new DeviceBuffer?[Copies][];
        _outputCopies = new DeviceBuffer?[Copies][];
        Stream = backend.CreateStream();
    }

    public IBackend Backend { get; }

    public KernelRequest Request { get; }

    public Operator Oracle { get; }

    public OperandExtents Extents { get; }

    public IStream Stream { get; }

    /// <summary>Copies of activations and results among which timed runs rotate.</summary>
    public int Copies { get; }

    /// <summary>Sets of values to try; the first is also that of timing.</summary>
    public IReadOnlyList<TrialOperands> Operands => _operands;

    public long[] OutputBytes { get; }

    /// <summary>Bytes of the constant operands, which every candidate may pack anew.</summary>
    public long ConstantBytes => InputBytes(OperandRole.Weight);

    /// <summary>Makes values and expected results.</summary>
    /// <exception cref="PeregrineException">The reference takes none of the values, or the operands do not fit into memory: the request cannot be tried.</exception>
    public static TrialBench Make(IBackend backend, KernelRequest request, Operator oracle, OperandExtents extents, CancellationToken cancellation)
    {
        TrialBench bench = new(backend, request, oracle, extents);
        try
        {
            bench.MakeOperands(cancellation);
            bench.MakeCopies();
            return bench;
        }
        catch
        {
            bench.Dispose();
            throw;
        }
    }

    /// <summary>Inputs of timed run number <paramref name="copy"/>.</summary>
    public DeviceBuffer?[] Inputs(int copy) => _inputCopies[copy];

    /// <summary>Results of timed run number <paramref name="copy"/>; the result proper begins at <see cref="OutputOffset"/>.</summary>
    public DeviceBuffer?[] Outputs(int copy) => _outputCopies[copy];

    public static long OutputOffset => Guard;

    /// <summary>Fills the first copy's results and what surrounds them with a pattern that no right result has.</summary>
    public void Spoil()
    {
        foreach (DeviceBuffer? buffer in _outputCopies[0])
        {
            if (buffer is not null)
            {
                Span<byte> memory = TrialOperands.Host(buffer, 0, buffer.Length).Span;
                memory[..Guard].Fill(GuardByte);
                memory[^Guard..].Fill(GuardByte);
                // All bits set: NaN, −1.
                memory[Guard..^Guard].Fill(0xFF);
            }
        }
    }

    /// <summary>What is wrong with the first copy's results; null if they are right.</summary>
    public string? Problem(TrialOperands operands)
    {
        for (int i = 0; i < operands.Expected.Length; i++)
        {
            if (operands.Expected[i] is { } expected && Problem(expected, Request.Outputs[i], _outputCopies[0][i]!, operands.Kind) is { } problem)
            {
                return operands.Expected.Length == 1 ? problem : $"{problem} in output {i}";
            }
        }

        return null;
    }

    public void Dispose()
    {
        foreach (TrialOperands operands in _operands)
        {
            operands.Dispose();
        }

        // The first copies of the inputs belong to the operands.
        foreach (DeviceBuffer? buffer in _inputCopies.Skip(1).Concat(_outputCopies).Where(c => c is not null).SelectMany(c => c))
        {
            if (buffer is not null && !_operands.Exists(o => o.Inputs.Contains(buffer)))
            {
                buffer.Dispose();
            }
        }

        Stream.Dispose();
    }

    private long InputBytes(OperandRole role) =>
        Request.Inputs.Select((o, i) => o.Role == role ? TrialOperands.StoredBytes(o.Type, o.Layout, Extents.Inputs[i].AsSpan()) : 0).Sum();

    private void MakeOperands(CancellationToken cancellation)
    {
        PeregrineException? refusal = null;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        foreach (TrialKind kind in new[] { TrialKind.Random, TrialKind.Adversarial, TrialKind.Saturating })
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                TrialOperands operands = TrialOperands.Make(kind, Backend, Request, Oracle, Extents, cancellation);
                _operands.Add(operands);
                if (kind == TrialKind.Random && operands.Expected.Any(MostlyNaN))
                {
                    _operands.Insert(0, TrialOperands.Make(TrialKind.Positive, Backend, Request, Oracle, Extents, cancellation));
                }
            }
            catch (PeregrineException e)
            {
                refusal = e;
            }

            if (_operands.Count > 0 && (ConstantBytes + InputBytes(OperandRole.Activation) + OutputBytes.Sum() > ManyBytes || System.Diagnostics.Stopwatch.GetElapsedTime(start) > SlowReference))
            {
                break;
            }
        }

        if (_operands.Count == 0)
        {
            throw refusal!;
        }
    }

    private void MakeCopies()
    {
        for (int copy = 0; copy < Copies; copy++)
        {
            DeviceBuffer?[] first = _operands[0].Inputs;
            _inputCopies[copy] = [.. first.Select((b, i) => b is null || copy == 0 || Request.Inputs[i].Role != OperandRole.Activation ? b : TrialOperands.Copy(Backend, b))];
            _outputCopies[copy] = [.. Request.Outputs.Select((o, i) => o.Role == OperandRole.Absent ? null : Backend.Allocate(OutputBytes[i] + (2 * Guard)))];
        }
    }

    private static bool MostlyNaN(Tensor? tensor)
    {
        if (tensor is null || !tensor.Type.IsFloat() || tensor.Type.Bits() < 8)
        {
            return false;
        }

        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return values.Count(double.IsNaN) > values.Length / 2;
    }

    private static string? Problem(Tensor expected, KernelOperand operand, DeviceBuffer buffer, TrialKind kind, Accuracy accuracy)
    {
        Span<byte> memory = TrialOperands.Host(buffer, 0, buffer.Length).Span;
        if (memory[..Guard].ContainsAnyExcept(GuardByte) || memory[^Guard..].ContainsAnyExcept(GuardByte))
        {
            return "writes outside of its result";
        }

        ReadOnlySpan<byte> stored = memory[Guard..^Guard];
        Tensor actual = Tensor.Allocate(expected.Type, expected.Dims);
        if (operand.Layout.IsRowMajor)
        {
            stored.CopyTo(actual.Data.Span);
        }
        else
        {
            actual = LayoutConversion.ToRowMajor(expected.Type, expected.Dims, operand.Layout, stored);
        }

        return ResultJudge.Problem(expected, actual, accuracy, kind) is { } problem ? $"{problem} ({kind.ToString().ToLowerInvariant()} values)"
            : operand.Layout.Fill == HaloFill.None || HasHalo(actual, operand.Layout, stored) ? null : "does not write the halo";
    }

    private string? Problem(Tensor expected, KernelOperand operand, DeviceBuffer buffer, TrialKind kind) => Problem(expected, operand, buffer, kind, Oracle.Accuracy);

    /// <summary>Whether everything around a result has its fill: what is stored equals the result stored anew, apart from padding.</summary>
    private static bool HasHalo(Tensor actual, Layout layout, ReadOnlySpan<byte> stored)
    {
        byte[] anew = new byte[stored.Length];
        LayoutConversion.StoreWhole(actual, layout, anew);
        (Layout plain, long[] dims) = LayoutConversion.WithHalo(layout, actual.Dims);
        return LayoutConversion.ToRowMajor(actual.Type, dims, plain, stored).Data.Span.SequenceEqual(LayoutConversion.ToRowMajor(actual.Type, dims, plain, anew).Data.Span);
    }
}
