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

    // All bits set: NaN, −1.
    private const byte Unwritten = 0xFF;

    // Copies of the operands that change from run to run; together they exceed a second-level cache, so that a kernel finds its input where the layer before has left it.
    private const int MaxCopies = 8;
    private const long CopiedBytes = 8L << 20;

    private readonly List<TrialOperands> _operands = [];
    private readonly DeviceBuffer?[][] _inputCopies;
    private readonly DeviceBuffer?[][] _outputCopies;
    private readonly byte[]?[] _spoilt;

    private TrialBench(IBackend backend, KernelRequest request, Operator oracle, OperandExtents extents, bool isHot)
    {
        Backend = backend;
        Request = request;
        Oracle = oracle;
        Extents = extents;
        OutputBytes = [.. request.Outputs.Select((o, i) => o.Role == OperandRole.Absent ? 0 : TrialOperands.StoredBytes(o.Type, o.Layout, extents.Outputs[i].AsSpan()))];
        _spoilt = [.. request.Outputs.Select((o, i) => o.Layout.InnerStride > 0 && o.Layout.BlockAxis < 0 ? Spoilt(o, extents.Outputs[i].AsSpan()) : null)];
        long changing = Math.Max(1, InputBytes(OperandRole.Activation) + OutputBytes.Sum());
        Copies = isHot ? 1 : (int)Math.Clamp((CopiedBytes + changing - 1) / changing, 2, MaxCopies);
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
    /// <param name="isHot">Whether timed runs all use the same operands.</param>
    /// <exception cref="PeregrineException">The reference takes none of the values, or the operands do not fit into memory: the request cannot be tried.</exception>
    public static TrialBench Make(IBackend backend, KernelRequest request, Operator oracle, OperandExtents extents, bool isHot, CancellationToken cancellation)
    {
        TrialBench bench = new(backend, request, oracle, extents, isHot);
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
        for (int i = 0; i < _spoilt.Length; i++)
        {
            if (_outputCopies[0][i] is { } buffer)
            {
                Span<byte> memory = TrialOperands.Host(buffer, 0, buffer.Length).Span;
                memory[..Guard].Fill(GuardByte);
                memory[^Guard..].Fill(GuardByte);
                if (_spoilt[i] is { } pattern)
                {
                    pattern.CopyTo(memory[Guard..]);
                }
                else
                {
                    memory[Guard..^Guard].Fill(Unwritten);
                }
            }
        }
    }

    /// <summary>What is wrong with the first copy's results; null if they are right.</summary>
    public string? Problem(TrialOperands operands)
    {
        for (int i = 0; i < operands.Expected.Length; i++)
        {
            if (operands.Expected[i] is { } expected && Problem(expected, operands.Stored[i], Request.Outputs[i].Layout, _outputCopies[0][i]!, operands.Kind) is { } problem)
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

    /// <summary>A result that nobody has written. What lies between its pixels is not the kernel's: it must be left as it is.</summary>
    private static byte[] Spoilt(KernelOperand operand, ReadOnlySpan<long> dims)
    {
        (Layout plain, long[] extents) = LayoutConversion.WithHalo(operand.Layout, dims);
        Tensor unwritten = Tensor.Allocate(operand.Type, extents);
        unwritten.Data.Span.Fill(Unwritten);
        byte[] stored = new byte[TrialOperands.StoredBytes(operand.Type, operand.Layout, dims)];
        stored.AsSpan().Fill(TrialOperands.Foreign);
        LayoutConversion.Store(unwritten, plain, stored);
        return stored;
    }

    private long InputBytes(OperandRole role) =>
        Request.Inputs.Select((o, i) => o.Role == role ? TrialOperands.StoredBytes(o.Type, o.Layout, Extents.Inputs[i].AsSpan()) : 0).Sum();

    private void MakeOperands(CancellationToken cancellation)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Exception? refusal = Add(TrialKind.Random, cancellation);
        if (_operands.Exists(o => o.Expected.Any(MostlyNaN)))
        {
            // In front: it is the one that is timed.
            Add(TrialKind.Positive, cancellation);
            _operands.Reverse();
        }

        bool isEnough = ConstantBytes + InputBytes(OperandRole.Activation) + OutputBytes.Sum() > ManyBytes || System.Diagnostics.Stopwatch.GetElapsedTime(start) > SlowReference;
        if (_operands.Count == 0 || !isEnough)
        {
            // References are slow and use one thread each.
            Parallel.ForEach([TrialKind.Adversarial, TrialKind.Saturating], new() { CancellationToken = cancellation }, kind => Add(kind, cancellation));
            _operands.Sort((a, b) => (a.Kind == TrialKind.Positive ? -1 : (int)a.Kind).CompareTo(b.Kind == TrialKind.Positive ? -1 : (int)b.Kind));
        }

        if (_operands.Count == 0)
        {
            throw new BackendException($"The reference cannot be run on made-up values: {refusal!.Message}", refusal);
        }
    }

    /// <summary>Adds a set of values; or tells why the reference refuses them.</summary>
    private Exception? Add(TrialKind kind, CancellationToken cancellation)
    {
        try
        {
            TrialOperands operands = TrialOperands.Make(kind, Backend, Request, Oracle, Extents, cancellation);
            lock (_operands)
            {
                _operands.Add(operands);
            }

            return null;
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            return e;
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

    private string? Problem(Tensor expected, byte[]? expectedStored, Layout layout, DeviceBuffer buffer, TrialKind kind)
    {
        Span<byte> memory = TrialOperands.Host(buffer, 0, buffer.Length).Span;
        if (memory[..Guard].ContainsAnyExcept(GuardByte) || memory[^Guard..].ContainsAnyExcept(GuardByte))
        {
            return "writes outside of its result";
        }

        ReadOnlySpan<byte> stored = memory[Guard..^Guard];
        ReadOnlySpan<byte> wanted = expectedStored ?? expected.Data.Span;
        if (ResultJudge.IsObviouslyRight(expected.Type, wanted, stored, Oracle.Accuracy, kind))
        {
            return null;
        }

        Tensor actual = Tensor.Allocate(expected.Type, expected.Dims);
        if (expectedStored is null)
        {
            stored.CopyTo(actual.Data.Span);
        }
        else
        {
            actual = LayoutConversion.ToRowMajor(expected.Type, expected.Dims, layout, stored);
        }

        if (ResultJudge.Problem(expected, actual, Oracle.Accuracy, kind) is { } problem)
        {
            return $"{problem} ({kind.ToString().ToLowerInvariant()} values)";
        }

        return expectedStored is null || IsFramed(actual, layout, stored) ? null : "does not write the halo, or writes between its pixels";
    }

    /// <summary>Whether everything around a result is as it is to be: what is stored equals the result stored anew.</summary>
    private static bool IsFramed(Tensor actual, Layout layout, ReadOnlySpan<byte> stored)
    {
        byte[] anew = new byte[stored.Length];
        LayoutConversion.StoreWhole(actual, layout, anew, TrialOperands.Foreign);
        return stored.SequenceEqual(anew);
    }
}
