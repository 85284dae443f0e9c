using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <content>
/// Networks over images and rows of feature vectors: layers with constant weights, of extents around the sizes of registers and tiles, and behind them pointwise operators whose other operands
/// broadcast in every way.
/// </content>
public static partial class RandomNetworks
{
    private sealed partial class Draft
    {
        private const long MostImageElements = 340_000;

        private int _operands;

        /// <summary>One image or one matrix of features; its batch and its spatial extents may be symbols.</summary>
        public void ImageInputs()
        {
            _mostElements = MostImageElements;
            Extent batch = Of<Extent>("N", "N", 1, 2);
            Extent channels = Channels();
            Extent[] shape = Random.Next(8) switch
            {
                0 => [batch, channels, Side("W")],
                1 => [batch, "T", channels],
                2 => [batch, channels],
                _ => [batch, channels, Side("H"), Side("W")],
            };
            Add(Graph.Input("x0", DataType.Float32, shape), exact: true, bound: 1);
        }

        /// <summary>A layer and up to three pointwise operators behind it.</summary>
        public void ImageStep()
        {
            // Mostly the newest value: networks are chains.
            Item x = Random.Next(3) > 0 ? _floats[^1] : Pick(_floats);
            if (x.IsEmpty || x.Rank < 1)
            {
                return;
            }

            int before = _floats.Count;
            switch (Random.Next(16))
            {
                case < 6 when IsImage(x): Convolve(x); break;
                case 6 when IsImage(x): Transpose(x); break;
                case 7 or 8 when IsImage(x): Window(x); break;
                case 9 when IsImage(x): Rearrange(x); break;
                case 10 when IsImage(x): Squeeze(x); break;
                case 11 when x.Rank > 1 && x.Value.Tensor!.Shape[1].IsConstant: Join(x); break;
                case 12: Normalize(x); break;
                case 13 when IsImage(x): Reduce(x); break;
                default: Multiply(x); break;
            }

            for (int i = Random.Next(4); i > 0 && _floats.Count > before; i--)
            {
                Follow(_floats[^1]);
            }
        }

        private static bool IsImage(Item x) => x.Rank is 3 or 4 && x.Value.Tensor!.Shape[1].IsConstant;

        private long Channels() => Of(1L, 3, 4, 8, 16, 17, 32, 48, 64, Random.NextInt64(1, 71), Random.NextInt64(1, 71));

        private Extent Side(string symbol) => Random.Next(4) == 0 ? symbol : Random.Next(3) == 0 ? Random.NextInt64(1, 8) : Random.NextInt64(1, 41);

        /// <summary>Weights that keep results at the magnitude of the inputs.</summary>
        private Value Weights(long products, params ReadOnlySpan<long> dims)
        {
            Tensor tensor = RandomTensor.Create(DataType.Float32, dims, (ulong)Random.NextInt64());
            float factor = 1.5f / MathF.Sqrt(products);
            foreach (ref float item in tensor.Span<float>())
            {
                item *= factor;
            }

            return Graph.Constant($"c{_constants++}", tensor);
        }

        private void Convolve(Item x)
        {
            int spatial = x.Rank - 2;
            long channels = x.Dims![1];
            bool isMinimal = Random.Next(3) == 0;
            long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => isMinimal ? 3 : Of(1L, 1, 2, 3, 5, 7))];
            if (Random.Next(4) == 0)
            {
                Array.Fill(kernel, 1);
            }

            long[] strides = [.. kernel.Select(_ => isMinimal || Random.Next(2) == 0 ? 1L : Random.NextInt64(1, 4))];
            long[] dilations = [.. kernel.Select(_ => isMinimal || Random.Next(4) > 0 ? 1L : Random.NextInt64(1, 4))];
            long[] reach = [.. kernel.Zip(dilations, (k, d) => (k - 1) * d)];
            long[] begin = [.. reach.Select(r => Of(0, r / 2, Random.NextInt64(0, r + 1)))], end = [.. reach.Select(r => Of(0, (r + 1) / 2, Random.NextInt64(0, r + 1)))];
            for (int i = 0; i < spatial; i++)
            {
                if (x.Dims[i + 2] + begin[i] + end[i] <= reach[i])
                {
                    (begin[i], end[i]) = (reach[i], reach[i]);
                }
            }

            long group = 1, filters = Channels();
            long[] divisors = [.. Enumerable.Range(1, (int)channels).Select(i => (long)i).Where(i => channels % i == 0)];
            switch (Random.Next(4))
            {
                // Depthwise.
                case 0: (group, filters) = (channels, channels * Of(1, 1, 1, 2)); break;
                case 1: (group, filters) = (Of(divisors), 0); filters = group * Random.NextInt64(1, Math.Max(2, 70 / group)); break;
            }

            long products = channels / group * kernel.Aggregate(1L, (p, q) => p * q);
            Put(
                new Conv(AutoPad.NotSet, Ints.Create(dilations), group, Ints.Create(kernel), Ints.Create([.. begin, .. end]), Ints.Create(strides)), false, 3 * x.Bound,
                x.Value, Weights(products, [filters, channels / group, .. kernel]), Random.Next(2) == 0 ? null : Floats(filters));
        }

        private void Transpose(Item x)
        {
            int spatial = x.Rank - 2;
            long channels = x.Dims![1], group = channels % 2 == 0 ? Of(1L, 1, 2) : 1, filters = Random.NextInt64(1, 40 / group);
            long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => Random.NextInt64(1, 5))], strides = [.. kernel.Select(_ => Random.NextInt64(1, 4))];
            long[] outputPadding = [.. strides.Select(s => Random.NextInt64(0, s))], pads = [.. kernel.Concat(kernel).Select(k => Random.NextInt64(0, (k + 1) / 2))];
            if (x.Dims.Skip(2).Min() < 4 || Tensor.CountElements(x.Dims) > MostImageElements / 16)
            {
                return;
            }

            Put(
                new ConvTranspose(Group: group, KernelShape: Ints.Create(kernel), OutputPadding: Ints.Create(outputPadding), Pads: Ints.Create(pads), Strides: Ints.Create(strides)), false, 3 * x.Bound,
                x.Value, Weights(channels / group * kernel.Aggregate(1L, (p, q) => p * q), [channels, filters, .. kernel]), Random.Next(2) == 0 ? null : Floats(filters * group));
        }

        /// <summary>Squeeze and excite.</summary>
        private void Squeeze(Item x)
        {
            long channels = x.Dims![1], inner = Random.NextInt64(1, 20);
            long[] ones = [.. Enumerable.Repeat(1L, x.Rank - 2)];
            Value pooled = Call(new GlobalAveragePool(), x.Value);
            Value hidden = Call(new Relu(), Call(new Conv(), pooled, Weights(channels, [inner, channels, .. ones]), Floats(inner)));
            Value gate = Call(new Sigmoid(), Call(new Conv(), hidden, Weights(inner, [channels, inner, .. ones]), Floats(channels)));
            Put(new Mul(), false, x.Bound, Of((x.Value, gate), (gate, x.Value)) is var (a, b) ? [a, b] : []);
        }

        /// <summary>Concatenations of channels, and parts of them.</summary>
        private void Join(Item x)
        {
            long channels = x.Dims![1];
            Item[] others = [.. _floats.Where(f => f.Rank == x.Rank && f.Value.Tensor!.Shape[1].IsConstant && Enumerable.Range(0, f.Rank).All(i => i == 1 || f.Value.Tensor!.Shape[i] == x.Value.Tensor!.Shape[i]))];
            switch (Random.Next(3))
            {
                case 0 when channels > 1:
                    {
                        long first = Random.NextInt64(1, channels);
                        IReadOnlyList<Value?> parts = Graph.CallMany(new Split(1), [x.Value, Integers(first, channels - first)], 2);
                        Add(parts[1]!, x.IsExact, x.Bound);
                        Add(parts[0]!, x.IsExact, x.Bound);
                        break;
                    }

                case 1 when channels > 1: Put(new Slice(), x.IsExact, x.Bound, x.Value, Integers(Random.NextInt64(0, channels)), Integers(channels), Integers(1), Integers(Of(1, 2))); break;
                default:
                    {
                        Item other = others[Random.Next(others.Length)];
                        Put(new Concat(1), false, Math.Max(x.Bound, other.Bound), Random.Next(2) == 0 ? [x.Value, other.Value] : [other.Value, x.Value, other.Value]);
                        break;
                    }
            }
        }

        /// <summary>A product with a constant matrix.</summary>
        private void Multiply(Item x)
        {
            if (x.Rank > 2 && Random.Next(2) == 0)
            {
                long[] permutation = [0, .. Enumerable.Range(2, x.Rank - 2).Select(i => (long)i), 1];
                Put(new Transpose(Ints.Create(permutation)), x.IsExact, x.Bound, x.Value);
                x = _floats[^1];
            }

            if (x.Rank < 1 || !x.Value.Tensor!.Shape[^1].IsConstant)
            {
                return;
            }

            long k = x.Dims![^1], n = Channels();
            switch (Random.Next(4))
            {
                case 0 when x.Rank == 2: Put(new Gemm(Of(1f, 0.5f), Of(1f, 2f), false, true), false, 3 * x.Bound, x.Value, Weights(k, n, k), Random.Next(3) == 0 ? null : Of(Floats(n), Floats(1, n), Floats(), Floats(1))); break;
                case 1 when x.Rank == 2: Put(new Gemm(TransB: false), false, 3 * x.Bound, x.Value, Weights(k, k, n), Floats(n)); break;
                case 2 when x.Rank > 2: Put(new MatMul(), false, 3 * x.Bound, x.Value, Call(new Transpose(Ints.Create([.. Enumerable.Range(0, x.Rank - 2).Select(i => (long)i), x.Rank - 1, x.Rank - 2])), Call(new Mul(), x.Value, Scalar(1f / k)))); break;
                default: Put(new MatMul(), false, 3 * x.Bound, x.Value, Weights(k, k, n)); break;
            }
        }

        /// <summary>A pointwise operator behind a layer: an activation, or one with an operand that broadcasts.</summary>
        private void Follow(Item x)
        {
            if (Random.Next(3) == 0)
            {
                switch (Random.Next(7))
                {
                    case 0: Put(new Relu(), x.IsExact, x.Bound, x.Value); break;
                    case 1: Put(new Mul(), false, x.Bound, x.Value, Call(new Sigmoid(), x.Value)); break;
                    case 2: Put(new HardSwish(), false, x.Bound, x.Value); break;
                    case 3: Put(new Clip(), x.IsExact, Math.Min(x.Bound, 6), x.Value, Scalar(0), Scalar(6)); break;
                    case 4: Put(new LeakyRelu(0.1f), false, x.Bound, x.Value); break;
                    case 5 when x.Rank > 1 && x.Value.Tensor!.Shape[1].IsConstant: Put(new PRelu(), false, x.Bound, x.Value, Floats([x.Dims![1], .. Enumerable.Repeat(1L, x.Rank - 2)])); break;
                    default: Put(new Tanh(), false, 1, x.Value); break;
                }

                return;
            }

            Item? residual = Random.Next(3) == 0 ? _floats.Where(f => f.Value != x.Value && Broadcasts(f, x)).OrderBy(_ => Random.Next()).FirstOrDefault() : null;
            Item y = residual ?? BroadcastOperand(x);
            (Value a, Value b) = Random.Next(2) == 0 ? (x.Value, y.Value) : (y.Value, x.Value);
            switch (Random.Next(5))
            {
                case 0: Put(new Mul(), false, x.Bound * y.Bound, a, b); break;
                case 1: Put(new Sub(), false, x.Bound + y.Bound, a, b); break;
                case 2: Put(new Max(), false, Math.Max(x.Bound, y.Bound), a, b); break;
                default: Put(new Add(), false, x.Bound + y.Bound, a, b); break;
            }
        }

        /// <summary>A constant or a further input of the network that varies along any of the value's axes.</summary>
        private Item BroadcastOperand(Item x)
        {
            int rank = Random.Next(4) == 0 ? Random.Next(x.Rank + 1) : x.Rank;
            bool isInput = Random.Next(2) == 0;
            Extent[] extents = new Extent[rank];
            long[] dims = new long[rank];
            for (int i = 0; i < rank; i++)
            {
                Dim dim = x.Value.Tensor!.Shape[x.Rank - rank + i];
                bool varies = Random.Next(2) == 0 && (dim.IsConstant || (isInput && dim.SymbolName is not null));
                // An input's extent that only the call tells may be 1 too.
                bool isUnknown = !varies && isInput && Random.Next(8) == 0;
                extents[i] = varies ? dim : isUnknown ? "One" : 1;
                dims[i] = varies ? x.Dims![x.Rank - rank + i] : 1;
            }

            return isInput ? new(Graph.Input($"y{_operands++}", DataType.Float32, extents), dims, true, 1) : new(Floats(dims), dims, true, 1);
        }
    }
}
