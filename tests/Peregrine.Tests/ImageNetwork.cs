using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests;

/// <summary>A small network with the layers of today's networks for images.</summary>
internal static class ImageNetwork
{
    public const int Classes = 10;

    /// <summary>image [batch, 3, height, width] to probabilities [batch, 10].</summary>
    /// <param name="isDynamic">Whether batch and extents are symbols; otherwise 1, 32 and 32.</param>
    public static Graph Create(bool isDynamic)
    {
        GraphBuilder g = new("images");
        ulong seed = 1;
        Value x = isDynamic ? g.Input("image", DataType.Float32, "N", 3, "H", "W") : g.Input("image", DataType.Float32, 1, 3, 32, 32);
        x = Swish(Convolution(x, 24, kernel: 3, stride: 2));
        Value wide = g.Call(new Clip(), Convolution(x, 72, kernel: 1), Scalar(0), Scalar(6));
        wide = g.Call(new HardSwish(), Convolution(wide, 72, kernel: 5, group: 72));
        Value gate = Convolution(g.Call(new Relu(), Convolution(g.Call(new GlobalAveragePool(), wide), 8, kernel: 1)), 72, kernel: 1);
        x = g.Call(new Add(), x, Convolution(g.Call(new Mul(), wide, g.Call(new Sigmoid(), gate)), 24, kernel: 1));
        Value minimal = g.Call(new Relu(), Convolution(x, 40, kernel: 3));
        Value grouped = g.Call(new LeakyRelu(0.1f), Convolution(x, 40, kernel: 3, group: 4));
        x = g.Call(new Concat(1), minimal, grouped, x);
        IReadOnlyList<Value?> halves = g.CallMany(new Split(1), [x, g.Constant("parts", 50L, 54)], 2);
        Value small = g.Call(new MaxPool(KernelShape: Ints.Create([2, 2]), Strides: Ints.Create([2, 2])), halves[0]!);
        small = g.Call(new AveragePool(KernelShape: Ints.Create([3, 3]), Pads: Ints.Create([1, 1, 1, 1]), Strides: Ints.Create([1, 1])), small);
        Value large = g.Call(new Resize(CoordinateMode: CoordinateTransformation.Asymmetric, Mode: ResizeMode.Nearest, Rounding: NearestRounding.Floor), small, null, g.Constant("scales", Tensor.Vector(1f, 1, 2, 2)));
        large = g.Call(new ConvTranspose(KernelShape: Ints.Create([3, 3]), Pads: Ints.Create([1, 1, 1, 1]), Strides: Ints.Create([1, 1])), large, Weights(0.05f, [50, 54, 3, 3]));
        x = g.Call(new Mul(), g.Call(new Add(), large, halves[1]!), Weights(1, [54, 1, 1]));
        x = g.Call(new Flatten(1), g.Call(new GlobalAveragePool(), x));
        g.Output("probabilities", g.Call(new Softmax(-1), g.Call(new Gemm(TransB: true), x, Weights(0.2f, [Classes, 54]), Weights(1, [Classes]))));
        return g.Build();

        Value Convolution(Value input, long filters, long kernel, long stride = 1, long group = 1)
        {
            long channels = input.Tensor!.Shape[1].Constant / group, pad = kernel / 2;
            return g.Call(
                new Conv(Group: group, KernelShape: Ints.Create([kernel, kernel]), Pads: Ints.Create([pad, pad, pad, pad]), Strides: Ints.Create([stride, stride])), input,
                Weights(1 / MathF.Sqrt(channels * kernel * kernel), [filters, channels, kernel, kernel]), Weights(1, [filters]));
        }

        Value Swish(Value value) => g.Call(new Mul(), value, g.Call(new Sigmoid(), value));

        Value Scalar(float value) => g.Constant($"c{seed++}", Tensor.Scalar(value));

        Value Weights(float factor, long[] dims)
        {
            Tensor tensor = RandomTensor.Create(DataType.Float32, dims, seed);
            foreach (ref float item in tensor.Span<float>())
            {
                item *= factor;
            }

            return g.Constant($"c{seed++}", tensor);
        }
    }
}
