using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

/// <summary>
/// A convolution or a matrix product with a few pointwise operators behind it, checked against the reference in double precision. The bound on each element's error is that of a sum of products in float32:
/// a small multiple of the sum of the products' magnitudes, which the same operator gives on magnitudes.
/// </summary>
internal sealed class ProductCase
{
    private readonly Operator _anchor;
    private readonly List<Tensor?> _inputs;
    private readonly List<(Operator Op, int[] Operands)> _steps = [];
    private readonly int _anchorInputs;

    public ProductCase(Operator anchor, params Tensor?[] inputs) => (_anchor, _inputs, _anchorInputs) = (anchor, [.. inputs], inputs.Length);

    /// <summary>Inputs that are constants of the plan.</summary>
    public HashSet<int> Constants { get; init; } = [1];

    public bool IsStatic { get; init; } = true;

    /// <summary>Pixel stride of channels-last operands of rank 3 and more; null for row-major ones.</summary>
    public long? PixelStride { get; init; }

    /// <summary>Whether the first input is row-major although the others are channels-last.</summary>
    public bool RowMajorInput { get; init; }

    /// <summary>Whether activations end where memory ends.</summary>
    public bool GuardPages { get; init; }

    /// <summary>Puts a pointwise operator behind: its first operand is the value so far, the further ones are new inputs, or, for null, the value so far again.</summary>
    public ProductCase Then(Operator op, params Tensor?[] operands)
    {
        int[] numbers = new int[operands.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            numbers[i] = operands[i] is null ? -1 : _inputs.Count;
            if (operands[i] is not null)
            {
                _inputs.Add(operands[i]);
            }
        }

        _steps.Add((op, numbers));
        return this;
    }

    public Tensor Evaluate(Operator? anchor = null, bool magnitudes = false)
    {
        Tensor?[] inputs = [.. _inputs.Select(t => t is null || !magnitudes ? t : Magnitudes(t))];
        return (Tensor)ReferenceEvaluator.Evaluate(anchor ?? _anchor, "node", inputs[.._anchorInputs], [], [true])[0]!;
    }

    public TacticHarness Harness()
    {
        Operator op = _anchor;
        Func<KernelRequest, KernelRequest> rephrase = static r => r;
        if (_steps.Count > 0)
        {
            GraphBuilder g = new("region");
            Value?[] values = [.. _inputs.Select((t, i) => t is null ? null : g.Input($"x{i}", new TensorType(t.Type, Shape.Of(t.Dims))))];
            Value result = g.Call(_anchor, values.AsSpan(0, _anchorInputs));
            foreach ((Operator step, int[] operands) in _steps)
            {
                result = g.Call(step, [result, .. operands.Select(o => o < 0 ? result : values[o])]);
            }

            g.Output("y", result);
            Region region = new(g.Build());
            op = region;
            rephrase = r => r with { Anchor = _anchor, Epilogue = region.Epilogue() };
        }

        TacticHarness harness = new(op, [.. _inputs]) { IsStatic = IsStatic, Constants = Constants, Rephrase = rephrase, GuardPages = GuardPages };
        if (PixelStride is { } stride)
        {
            harness.ChannelsLast(stride);
            for (int i = 0; i < _inputs.Count; i++)
            {
                // What has no pixels, and what is only a picture of one channel, stays as it is.
                if ((i == 0 && RowMajorInput) || (i >= _anchorInputs && _inputs[i] is { } t && (t.Rank < 3 || !t.Dims[1..].SequenceEqual(harness.Expected[0]!.Dims[1..]))))
                {
                    harness.InputLayouts[i] = Layout.RowMajor;
                }
            }
        }

        return harness;
    }

    /// <summary>Runs the tactic with all its options at 1 to 3 workers.</summary>
    public void Check(params ReadOnlySpan<ITactic> tactics)
    {
        TacticHarness harness = Harness();
        foreach (ITactic tactic in tactics)
        {
            byte[][] first = harness.Run(tactic, 1);
            for (int workers = 2; workers <= 3; workers++)
            {
                Assert.True(first[0].AsSpan().SequenceEqual(harness.Run(tactic, workers)[0]), $"{tactic.Id} on {harness.Request}: 1 and {workers} workers differ");
            }

            Tensor expected = harness.Expected[0]!;
            Judge(expected, LayoutConversion.ToRowMajor(expected.Type, expected.Dims, harness.OutputLayouts[0], first[0]), $"{tactic.Id} on {harness.Request}");
        }
    }

    private void Judge(Tensor expected, Tensor actual, string what)
    {
        ReadOnlySpan<float> wanted = Floats(expected), found = Floats(actual);
        // Activations behind the sum have slopes of at most about 1.1; operands of the epilogue are about 1.
        Operator magnitudeOf = _anchor is Gemm gemm ? gemm with { Alpha = Math.Abs(gemm.Alpha), Beta = Math.Abs(gemm.Beta) } : _anchor;
        ReadOnlySpan<float> magnitudes = Floats(Evaluate(magnitudeOf, magnitudes: true));
        double noise = 0, signal = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!float.IsFinite(wanted[i]) || !float.IsFinite(found[i]))
            {
                Assert.True(wanted[i].Equals(found[i]) || float.IsInfinity(magnitudes[i]) || float.IsNaN(magnitudes[i]), $"{what}: element {i} is {found[i]} instead of {wanted[i]}");
                continue;
            }

            double difference = (double)found[i] - wanted[i], allowed = (2e-6 * magnitudes[i] * (_steps.Count > 0 ? 4 : 1)) + (_steps.Count > 0 ? 2e-6 * (1 + Math.Abs(wanted[i])) : 1e-38);
            Assert.True(Math.Abs(difference) <= allowed, $"{what}: element {i} is {found[i]:G9} instead of {wanted[i]:G9}, magnitude {magnitudes[i]:G9}");
            noise += difference / (magnitudes[i] + 1e-30) * difference / (magnitudes[i] + 1e-30);
            signal++;
        }

        Assert.True(signal == 0 || Math.Sqrt(noise / signal) <= 2e-6, $"{what}: relative rms error {Math.Sqrt(noise / signal):G3}");
    }

    private static Tensor Magnitudes(Tensor t)
    {
        if (t.Type != DataType.Float32)
        {
            return t;
        }

        Tensor result = Tensor.Allocate(t.Type, t.Dims);
        Span<float> to = MemoryMarshal.Cast<byte, float>(result.Data.Span);
        ReadOnlySpan<float> from = Floats(t);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = Math.Abs(from[i]);
        }

        return result;
    }

    private static ReadOnlySpan<float> Floats(Tensor t) => MemoryMarshal.Cast<byte, float>(t.Data.Span);

    public static GeneratorTarget Avx512 => new(GeneratedSet("avx512"), HostCpu.Features);

    public static GeneratorTarget Avx2 => new(GeneratedSet("avx2"), HostCpu.Features);

    private static InstructionSet GeneratedSet(string name) => Generation.GeneratedKernel.Require(name);

    public static Tensor Random(Random random, params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float32, dims);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(tensor.Data.Span))
        {
            value = (float)((random.NextDouble() * 2) - 1);
        }

        return tensor;
    }
}
