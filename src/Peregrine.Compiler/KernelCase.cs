using System.Globalization;
using Peregrine.Compiler.Lowering;
using Peregrine.Compiler.Regions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Compiler;

/// <summary>
/// A kernel request in a line of text, for benchmarks and tests:
/// <code>
/// conv f32 n=1 c=64 h=56 w=56 oc=64 k=3 pad=1 +relu
/// conv f32 n=1 c=64 h=56 oc=256 k=1 +residual +relu
/// gemm f32 m=512 n=512 k=512 +bias +gelu
/// matmul f32 batch=12 m=128 n=128 k=64
/// pointwise f32 n=1 c=64 h=56 w=56 +sigmoid
/// </code>
/// Weights are constant (in a matmul both factors are activations). Numbers that are left out: w = h, kw = k, batch = n = stride = dilation = group = 1, pad = 0. A convolution has a bias unless bias=0.
/// Behind a plus stand what joins the kernel, in order: residual, bias, scale, relu, relu6, leakyrelu, sigmoid, hardsigmoid, tanh, silu, hardswish, gelu.
/// </summary>
/// <param name="Text">As it was written.</param>
/// <param name="Oracle">What is computed, as an operator; its reference kernel decides what is right.</param>
/// <param name="Operations">Multiplications and additions of the anchor; 0 for a pointwise kernel.</param>
/// <param name="Bytes">Of all operands.</param>
public sealed record KernelCase(string Text, Operator Oracle, KernelRequest Request, double Operations, long Bytes)
{
    private const long MostExtent = 1 << 24;

    /// <summary>Reads a case.</summary>
    /// <param name="layouts">The layout of each activation; null for row-major all.</param>
    /// <exception cref="FormatException">It is none; the message tells what is wrong and what would be right.</exception>
    /// <exception cref="ModelException">A tensor would be too large, or the numbers do not fit together.</exception>
    public static KernelCase Parse(string text, Func<DataType, ValueList<KernelDim>, Layout>? layouts = null)
    {
        Words words = new(text);
        GraphBuilder g = new("case");
        (Value result, double operations) = words.Family switch
        {
            "conv" => Convolution(g, words),
            "gemm" => Product(g, words),
            "matmul" => Products(g, words),
            "pointwise" => (g.Input("x", words.Type, words.Get("n", 1), words.Get("c"), words.Get("h"), words.Get("w", words.Get("h"))), 0),
            _ => throw new FormatException($"\"{words.Family}\" is no kernel; there are conv, gemm, matmul and pointwise."),
        };
        foreach (string name in words.Epilogue)
        {
            result = Join(g, words, result, name);
        }

        words.CheckAllUsed();
        g.Output("y", result);
        Graph graph = g.Build();
        GraphPasses.Run(new FormRegions(), graph, new());
        if (graph.Nodes.Count != 1)
        {
            throw new FormatException(graph.Nodes.Count == 0 ? "A pointwise kernel needs something to compute: add +relu, say." : $"\"{text}\" does not fuse into one kernel, but into {string.Join(" and ", graph.Nodes.Select(n => n.Operator.Definition.Name))}.");
        }

        Node node = graph.Nodes[0];
        KernelRequest request = RequestBuilder.Of(node, graph.Symbols, v => layouts?.Invoke(v.Tensor!.ElementType, RequestBuilder.Dims(v.Tensor, graph.Symbols)) ?? Layout.RowMajor);
        long bytes = request.Inputs.Concat(request.Outputs).Where(o => o.Role != OperandRole.Absent).Sum(o => Tensor.CheckedBytes(o.Type, [.. o.Dims.Select(d => d.Min)]));
        return new(text, node.Operator, request, operations, bytes);
    }

    private static (Value Result, double Operations) Convolution(GraphBuilder g, Words words)
    {
        long n = words.Get("n", 1), c = words.Get("c"), h = words.Get("h"), w = words.Get("w", h), channels = words.Get("oc", c), kernel = words.Get("k"), kernelWidth = words.Get("kw", kernel);
        long stride = words.Get("stride", 1), pad = words.Get("pad", 0, least: 0), dilation = words.Get("dilation", 1), group = words.Get("group", 1);
        if (c % group != 0)
        {
            throw new FormatException($"c={c} is no multiple of group={group}.");
        }

        Value x = g.Input("x", words.Type, n, c, h, w), weights = g.Constant("w", Tensor.Allocate(words.Type, [channels, c / group, kernel, kernelWidth]));
        Conv conv = new(Dilations: [dilation, dilation], Group: group, KernelShape: [kernel, kernelWidth], Pads: [pad, pad, pad, pad], Strides: [stride, stride]);
        Value y = words.Get("bias", 1, least: 0) == 0 ? g.Call(conv, x, weights) : g.Call(conv, x, weights, g.Constant("b", Tensor.Allocate(words.Type, [channels])));
        return (y, 2.0 * y.Tensor!.Shape.ToStatic().Aggregate(1.0, (product, dim) => product * dim) * (c / group) * kernel * kernelWidth);
    }

    private static (Value Result, double Operations) Product(GraphBuilder g, Words words)
    {
        long m = words.Get("m"), n = words.Get("n"), k = words.Get("k");
        return (g.Call(new Gemm(), g.Input("a", words.Type, m, k), g.Constant("b", Tensor.Allocate(words.Type, [k, n]))), 2.0 * m * n * k);
    }

    private static (Value Result, double Operations) Products(GraphBuilder g, Words words)
    {
        long batch = words.Get("batch", 1), m = words.Get("m"), n = words.Get("n"), k = words.Get("k");
        return (g.Call(new MatMul(), g.Input("a", words.Type, batch, m, k), g.Input("b", words.Type, batch, k, n)), 2.0 * batch * m * n * k);
    }

    private static Value Join(GraphBuilder g, Words words, Value x, string name)
    {
        long[] dims = x.Tensor!.Shape.ToStatic();
        // Channels stand second in images and last in matrices.
        long[] perChannel = dims.Length == 4 ? [dims[1], 1, 1] : [dims[^1]];
        return name switch
        {
            "residual" => g.Call(new Add(), x, g.Input("residual", x.Type)),
            "bias" => g.Call(new Add(), x, g.Constant("bias", Tensor.Allocate(words.Type, perChannel))),
            "scale" => g.Call(new Mul(), x, g.Constant("scale", Tensor.Allocate(words.Type, perChannel))),
            "relu" => g.Call(new Relu(), x),
            "relu6" => g.Call(new Clip(), x, Number(g, words.Type, 0), Number(g, words.Type, 6)),
            "leakyrelu" => g.Call(new LeakyRelu(), x),
            "sigmoid" => g.Call(new Sigmoid(), x),
            "hardsigmoid" => g.Call(new HardSigmoid(), x),
            "tanh" => g.Call(new Tanh(), x),
            "silu" => g.Call(new Mul(), x, g.Call(new Sigmoid(), x)),
            "hardswish" => g.Call(new HardSwish(), x),
            "gelu" => g.Call(new Gelu(), x),
            _ => throw new FormatException($"+{name} is not known; there are residual, bias, scale, relu, relu6, leakyrelu, sigmoid, hardsigmoid, tanh, silu, hardswish and gelu."),
        };
    }

    private static Value Number(GraphBuilder g, DataType type, float value)
    {
        Tensor number = Tensor.Allocate(type, []);
        ElementConversion.Store<float>([value], number);
        return g.Constant("number", number);
    }

    /// <summary>The words of a case.</summary>
    private sealed class Words
    {
        private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);
        private readonly HashSet<string> _used = new(StringComparer.Ordinal);

        public Words(string text)
        {
            string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length < 2)
            {
                throw new FormatException($"\"{text}\" is no kernel; write its family, its type and its numbers, such as \"gemm f32 m=512 n=512 k=512 +relu\".");
            }

            Family = words[0];
            Type = DataTypes.Parse(words[1]);
            if (!Type.IsFloat() || Type.Bits() < 16)
            {
                throw new FormatException($"\"{words[1]}\" is no element type for this; there are f32, f16, bf16 and f64.");
            }

            foreach (string word in words.Skip(2))
            {
                if (word[0] == '+' && word.Length > 1)
                {
                    Epilogue.Add(word[1..]);
                }
                else if (word.Split('=') is not [{ Length: > 0 } name, var value] || !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > MostExtent)
                {
                    throw new FormatException($"\"{word}\" is neither NAME=NUMBER nor +NAME.");
                }
                else if (!_numbers.TryAdd(name, number))
                {
                    throw new FormatException($"{name} is given twice.");
                }
            }
        }

        public string Family { get; }

        public DataType Type { get; }

        public List<string> Epilogue { get; } = [];

        public long Get(string name, long? otherwise = null, long least = 1)
        {
            _used.Add(name);
            if (!_numbers.TryGetValue(name, out long number))
            {
                return otherwise ?? throw new FormatException($"{Family} needs {name}=NUMBER.");
            }

            return number >= least ? number : throw new FormatException($"{name} must be {least} or more.");
        }

        public void CheckAllUsed()
        {
            if (_numbers.Keys.FirstOrDefault(n => !_used.Contains(n)) is { } unknown)
            {
                throw new FormatException($"{Family} knows no {unknown}; it has {string.Join(", ", _used.Order(StringComparer.Ordinal))}.");
            }
        }
    }
}
