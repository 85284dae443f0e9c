using Peregrine.Backends.Cpu.Tests.Products;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Chains;

/// <summary>A chain of convolutions on values.</summary>
internal sealed class ChainCase
{
    private readonly List<Tensor> _inputs = [];
    private readonly HashSet<int> _constants = [];
    private readonly Graph _graph = new("chain");
    private readonly GraphBuilder _body;
    private Value _result;
    private Tensor _sample;
    private bool _hasMean;

    public ChainCase(Tensor images)
    {
        _inputs.Add(images);
        _sample = images;
        _body = new(_graph, null);
        _result = _body.Input("x", TypeOf(images));
    }

    /// <summary>Two to three links of any kinds that kernels take.</summary>
    public static ChainCase Random(Random random)
    {
        long batch = random.Next(1, 4), channels = random.Next(1, random.Next(3) == 0 ? 90 : 20), height = random.Next(1, 20), width = random.Next(1, 30);
        ChainCase sample = new(ProductCase.Random(random, batch, channels, height, width));
        int links = random.Next(2, 4);
        for (int link = 0; link < links; link++)
        {
            long[] dims = sample._sample.Dims.ToArray();
            bool isDepthwise = dims[1] > 1 && random.Next(10) < (link == 1 ? 7 : 2), isPointwise = !isDepthwise && (random.Next(3) > 0 || dims[1] <= 4);
            long outputs = isDepthwise ? dims[1] : random.Next(2, random.Next(3) == 0 ? 200 : 40);
            long[] kernel = [.. Enumerable.Range(0, 2).Select(_ => isPointwise ? 1L : random.Next(1, 6))], dilations = [.. Enumerable.Range(0, 2).Select(_ => (long)random.Next(1, random.Next(3) == 0 ? 3 : 2))];
            long[] strides = [.. Enumerable.Range(0, 2).Select(_ => isPointwise && random.Next(4) > 0 ? 1L : random.Next(1, 4))];
            long[] pads = [.. Enumerable.Range(0, 4).Select(i => isPointwise ? 0L : random.Next(0, (int)kernel[i % 2] + 1))];
            for (int axis = 0; axis < 2; axis++)
            {
                // At least one window must fit.
                pads[axis + 2] = Math.Max(pads[axis + 2], ((kernel[axis] - 1) * dilations[axis]) + 1 - dims[axis + 2] - pads[axis]);
            }

            Conv conv = new(Dilations: Ints.Create(dilations), Group: isDepthwise ? dims[1] : 1, Pads: Ints.Create(pads), Strides: Ints.Create(strides));
            sample.Add(conv, random, ProductCase.Random(random, outputs, isDepthwise ? 1 : dims[1], kernel[0], kernel[1]), random.Next(2) == 0 ? ProductCase.Random(random, outputs) : null, random.Next(5));
        }

        return sample;
    }

    /// <summary>One to three links, the last of them depthwise, and the mean of what it makes.</summary>
    public static ChainCase RandomWithMean(Random random)
    {
        long channels = random.Next(2, random.Next(3) == 0 ? 400 : 40);
        ChainCase sample = new(ProductCase.Random(random, random.Next(1, 4), channels, random.Next(3, 20), random.Next(3, 30))) { _hasMean = true };
        for (int links = random.Next(1, 4); links > 0; links--)
        {
            long[] dims = sample._sample.Dims.ToArray();
            bool isDepthwise = links == 1;
            long kernel = isDepthwise ? random.Next(1, 3) * 2 + 1 : 1, outputs = isDepthwise ? dims[1] : random.Next(2, 200), pad = random.Next(0, (int)kernel), stride = isDepthwise ? random.Next(1, 3) : 1;
            // At least one window must fit.
            long end = Math.Max(pad, kernel - pad - dims.Skip(2).Min());
            Conv conv = new(Group: isDepthwise ? dims[1] : 1, Pads: Ints.Create([pad, pad, end, end]), Strides: Ints.Create([stride, stride]));
            sample.Add(conv, random, ProductCase.Random(random, outputs, isDepthwise ? 1 : dims[1], kernel, kernel), random.Next(2) == 0 ? ProductCase.Random(random, outputs) : null, random.Next(5));
        }

        return sample;
    }

    /// <summary>The request of an expansion with its activation, and the depthwise convolution behind it.</summary>
    public static KernelRequest Expansion(long channels, long outputs, long extent)
    {
        Random random = new(1);
        ChainCase sample = new(ProductCase.Random(random, 1, channels, extent, extent));
        sample.Add(new Conv(), random, ProductCase.Random(random, outputs, channels, 1, 1), ProductCase.Random(random, outputs), 1);
        sample.Add(new Conv(Group: outputs, Pads: Ints.Create([1, 1, 1, 1])), random, ProductCase.Random(random, outputs, 1, 3, 3), ProductCase.Random(random, outputs), 1);
        return sample.Request();
    }

    /// <summary>The chain on its inputs, channels-last.</summary>
    public TacticHarness Harness() => new TacticHarness(Chain(), [.. _inputs], _hasMean ? [true, true] : [true]) { Constants = _constants, GuardPages = _inputs.Count % 2 == 0, OwnSums = [1] }.ChannelsLast();

    /// <summary>Compares with the reference, which sums in double.</summary>
    public void Judge(TacticHarness harness, byte[][] stored)
    {
        for (int i = 0; i < stored.Length; i++)
        {
            Tensor expected = harness.Expected[i]!;
            TensorComparison comparison = TensorComparison.Compare(expected, LayoutConversion.ToRowMajor(expected.Type, expected.Dims, harness.OutputLayouts[i], stored[i]), new(1e-4, 1e-4));
            Assert.True(comparison.IsClose, $"{harness.Request}, result {i}: {comparison}");
        }
    }

    private Chain Chain()
    {
        _body.Output("y", _result);
        if (_hasMean)
        {
            _body.Output("mean", _body.Call(new GlobalAveragePool(), _result));
        }

        return new(_graph);
    }

    private KernelRequest Request()
    {
        Chain chain = Chain();
        return new(chain, ValueList.From(_inputs.Select((t, i) => Operand(t, _constants.Contains(i)))), [Operand(_sample, false)]);

        static KernelOperand Operand(Tensor t, bool isConstant) => new(
            isConstant ? OperandRole.Weight : OperandRole.Activation, t.Type, isConstant ? Layout.RowMajor : Layout.ChannelsLast(t.Rank), ValueList.From(t.Dims.ToArray().Select(KernelDim.Static)));
    }

    /// <param name="epilogue">0 none, 1 x · sigmoid(x), 2 the sum with another activation, 3 a factor per channel, else max(x, 0).</param>
    private void Add(Conv conv, Random random, Tensor weights, Tensor? bias, int epilogue)
    {
        Tensor[] operands = bias is null ? [weights] : [weights, bias];
        long[] dims = Result(conv, weights).Dims.ToArray();
        Tensor? further = epilogue switch
        {
            2 => ProductCase.Random(random, dims),
            3 => ProductCase.Random(random, 1, dims[1], 1, 1),
            _ => null,
        };
        Graph inside = new("region", _graph.Symbols, _graph.Edits);
        GraphBuilder region = new(inside, null);
        Value[] inner = [.. operands.Prepend(_sample).Select((t, i) => region.Input($"a{i}", TypeOf(t)))];
        Value y = region.Call(conv, [.. inner]);
        y = epilogue switch
        {
            0 => y,
            1 => region.Call(new Swish(), y),
            2 => region.Call(new Add(), y, region.Input("b", TypeOf(further!))),
            3 => region.Call(new Mul(), y, region.Input("b", TypeOf(further!))),
            _ => region.Call(new Relu(), y),
        };
        region.Output("y", y);
        List<Value?> outer = [_result];
        foreach (Tensor tensor in further is null ? operands : [.. operands, further])
        {
            if (!ReferenceEquals(tensor, further) || epilogue == 3)
            {
                _constants.Add(_inputs.Count);
            }

            outer.Add(_body.Input($"i{_inputs.Count}", TypeOf(tensor)));
            _inputs.Add(tensor);
        }

        _result = _body.Call(epilogue == 0 ? conv : new Region(inside), [.. outer]);
        _sample = Tensor.Allocate(DataType.Float32, dims);
    }

    private Tensor Result(Conv conv, Tensor weights) =>
        Tensor.Allocate(DataType.Float32, ((TensorType)ReferenceEvaluator.InferConcrete(conv, "link", [_sample, weights], [], [true], new())[0]).Shape.ToStatic());

    private static TensorType TypeOf(Tensor t) => new(t.Type, Shape.Of(t.Dims));
}
