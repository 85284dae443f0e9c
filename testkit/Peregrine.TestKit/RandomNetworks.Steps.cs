using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <content>What a step may add.</content>
public static partial class RandomNetworks
{
    private sealed partial class Draft
    {
        /// <summary>Adds an operator or two; nothing if the values at hand do not suit the kind that was drawn.</summary>
        public void Step()
        {
            switch (Random.Next(21))
            {
                case 0 or 1 or 2: Unary(Pick(_floats)); break;
                case 3 or 4: Binary(Pick(_floats)); break;
                case 5: Jump(Pick(_floats)); break;
                case 6 or 7: Linear(Pick(_floats)); break;
                case 8: Window(Pick(_floats)); break;
                case 9: Normalize(Pick(_floats)); break;
                case 10: Reduce(Pick(_floats)); break;
                case 11: Move(Pick(Of(_floats, _floats, _integers, _bools) is { Count: > 0 } list ? list : _floats)); break;
                case 12: Rearrange(Pick(_floats)); break;
                case 13: ShapeArithmetic(Pick(_floats)); break;
                case 14: Integer(); break;
                case 15: Quantize(Pick(_floats)); break;
                case 16: Recur(Pick(_floats)); break;
                case 17: Control(Pick(_floats)); break;
                case 18: WindowRare(Pick(_floats)); break;
                case 19: Select(Pick(_floats)); break;
                default: Pickings(Pick(_floats)); break;
            }
        }

        private void Unary(Item x)
        {
            Value v = x.Value;
            double b = x.Bound;
            switch (Random.Next(24))
            {
                case 0: Put(new Relu(), x.IsExact, b, v); break;
                case 1: Put(new Sigmoid(), false, 1, v); break;
                case 2: Put(new Tanh(), false, 1, v); break;
                case 3: Put(new Exp(), false, 21, Call(new Clip(), v, Scalar(-3), Scalar(3))); break;
                case 4: Put(new Abs(), x.IsExact, b, v); break;
                case 5: Put(new Neg(), x.IsExact, b, v); break;
                case 6: Put(new Sqrt(), false, b, Call(new Add(), Call(new Abs(), v), Scalar(0.5f))); break;
                case 7: Put(new Erf(), false, 1, v); break;
                case 8: Put(new HardSwish(), false, b, v); break;
                case 9: Put(new HardSigmoid(0.3f, 0.4f), false, 1, v); break;
                case 10: Put(new LeakyRelu(0.25f), x.IsExact, b, v); break;
                case 11: Put(new Elu(0.5f), false, b, v); break;
                case 12: Put(new Softplus(), false, b + 1, v); break;
                case 13: Put(new Gelu(Of(GeluForm.Exact, GeluForm.Tanh)), false, b, v); break;
                case 14: Put(new Selu(), false, 2 * b, v); break;
                case 15: Put(new Log(), false, b + 1, Call(new Add(), Call(new Abs(), v), Scalar(0.5f))); break;
                case 16: Put(new Reciprocal(), false, 2, Call(new Add(), Call(new Abs(), v), Scalar(0.5f))); break;
                case 17: Put(Of<Operator>(new Sin(), new Cos(), new Atan()), false, 2, v); break;
                case 18: Put(new Softsign(), false, 1, v); break;
                case 19: Put(new Clip(), x.IsExact, Math.Min(b, 1), v, Random.Next(2) == 0 ? Scalar(-0.5f) : null, Scalar(0.75f)); break;
                case 20: Put(new Celu(1.5f), false, b + 1, v); break;
                case 21: Put(new Mish(), false, b + 1, v); break;
                case 22: Put(new Identity(), x.IsExact, b, v); break;
                default: Put(new Mul(), false, b, v, Call(new Sigmoid(), v)); break;
            }
        }

        private void Binary(Item x)
        {
            Item? other = Random.Next(2) == 0 ? _floats.Where(f => f != x && Broadcasts(f, x)).OrderBy(_ => Random.Next()).FirstOrDefault() : null;
            Item y = other ?? Operand(x);
            (Value a, Value b) = Random.Next(2) == 0 ? (x.Value, y.Value) : (y.Value, x.Value);
            bool exact = x.IsExact && y.IsExact;
            switch (Random.Next(9))
            {
                case 0: Put(new Add(), exact, x.Bound + y.Bound, a, b); break;
                case 1: Put(new Sub(), exact, x.Bound + y.Bound, a, b); break;
                case 2: Put(new Mul(), exact, x.Bound * y.Bound, a, b); break;
                case 3: Put(new Div(), false, 2 * Math.Max(x.Bound, y.Bound), a, Call(new Add(), Call(new Abs(), b), Scalar(0.5f))); break;
                case 4: Put(new Max(), exact, Math.Max(x.Bound, y.Bound), a, b); break;
                case 5: Put(new Min(), exact, Math.Max(x.Bound, y.Bound), a, b); break;
                case 6: Put(new Pow(), false, Math.Pow(Math.Max(x.Bound, y.Bound) + 0.5, 2), Call(new Add(), Call(new Abs(), a), Scalar(0.5f)), Of(Scalar(2), Scalar(0.5f), Scalar(1.5f))); break;
                case 7: Put(new Mean(), false, x.Bound + y.Bound, a, b, x.Value); break;
                default: Put(new Sum(), false, x.Bound + y.Bound + x.Bound, a, b, x.Value); break;
            }
        }

        /// <summary>Functions with jumps.</summary>
        private void Jump(Item x)
        {
            if (!x.IsExact)
            {
                return;
            }

            Value v = x.Value;
            Item y = Operand(x);
            switch (Random.Next(8))
            {
                case 0: Put(Of<Operator>(new Floor(), new Ceil(), new Round()), true, x.Bound + 1, Call(new Mul(), v, Scalar(4))); break;
                case 1: Put(new Sign(), true, 1, v); break;
                case 2: Put(new Cast(DataType.Int64), true, 4 * x.Bound, Call(new Mul(), v, Scalar(4))); break;
                case 3: Put(Of<Operator>(new Less(), new Greater(), new LessOrEqual(), new GreaterOrEqual(), new Equal()), true, 1, v, y.Value); break;
                case 4: Put(new Where(), true, Math.Max(x.Bound, y.Bound), Call(new Less(), v, Scalar(0.1f)), v, y.Value); break;
                case 5 when x is { Rank: > 0, IsEmpty: false }:
                    Put(Of<Operator>(new ArgMax(Axis(x), Random.Next(2) == 0), new ArgMin(Axis(x), Random.Next(2) == 0)), true, 100, v);
                    break;
                // ONNX Runtime's TopK of nothing ends its process.
                case 6 when x is { Rank: > 0, IsEmpty: false }:
                    {
                        int axis = Axis(x);
                        long k = Random.NextInt64(0, x.Dims![axis] + 1);
                        IReadOnlyList<Value?> top = Graph.CallMany(new TopK(axis, Random.Next(2) == 0), [v, Integers(k)], 2);
                        Add(top[0]!, true, x.Bound);
                        Add(top[1]!, true, 100);
                        break;
                    }

                case 7 when x is { Rank: > 0 }:
                    Put(new NonZero(), true, 100, Call(new Relu(), v));
                    break;
                default: Put(new Not(), true, 1, Call(new Greater(), v, y.Value)); break;
            }
        }

        private void Linear(Item x)
        {
            if (x.Rank < 1 || x.IsEmpty)
            {
                return;
            }

            Value v = x.Value;
            long k = x.Dims![^1], n = Random.NextInt64(1, 9);
            switch (Random.Next(6))
            {
                case 0 or 1: Put(new MatMul(), false, x.Bound * k, v, Floats(k, n)); break;
                case 2 when x.Rank == 2: Put(new Gemm(Of(1f, 0.5f), Of(1f, 2f), false, true), false, x.Bound * k + 2, v, Floats(n, k), Random.Next(3) == 0 ? null : Of(Floats(n), Floats(1, n), Floats())); break;
                case 3 when x.Rank >= 2:
                    {
                        long[] permutation = [.. Enumerable.Range(0, x.Rank).Select(i => (long)i)];
                        (permutation[^1], permutation[^2]) = (permutation[^2], permutation[^1]);
                        Put(new MatMul(), false, x.Bound * x.Bound * k, v, Call(new Transpose(Ints.Create(permutation)), v));
                        break;
                    }

                case 4 when x.Rank == 3: Put(new Einsum(Of("bij,jk->bik", "bij,jk->bki", "bij,jk->bk", "...j,jk->...k")), false, x.Bound * k * 8, v, Floats(k, n)); break;
                default: Put(new Add(), false, (x.Bound * k) + 1, Call(new MatMul(), v, Floats(k, n)), Floats(n)); break;
            }
        }

        /// <summary>Convolutions and pools over tensors [batch, channels, positions…].</summary>
        private void Window(Item x)
        {
            if (x.Rank is not (3 or 4) || x.IsEmpty || x.Dims!.Skip(2).Min() < 3)
            {
                return;
            }

            int spatial = x.Rank - 2;
            long channels = x.Dims![1];
            long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => Random.NextInt64(1, 4))], strides = [.. Enumerable.Range(0, spatial).Select(_ => Random.NextInt64(1, 3))];
            // A pad must be smaller than the kernel, or ONNX's pools have windows that hold nothing.
            long[] pads = [.. kernel.Concat(kernel).Select(k => Random.NextInt64(0, k))];
            bool dilated = Random.Next(4) == 0 && x.Dims.Skip(2).Min() >= 5;
            long[] dilations = [.. kernel.Select(_ => dilated ? 2L : 1L)];
            (AutoPad auto, Ints given) = Random.Next(4) == 0 && !dilated ? (Of(AutoPad.SameUpper, AutoPad.SameLower, AutoPad.Valid), default(Ints)) : (AutoPad.NotSet, Ints.Create(pads));
            if (auto is AutoPad.SameUpper or AutoPad.SameLower)
            {
                // ONNX's formula gives a negative pad where a stride exceeds its kernel: that means none, but ONNX Runtime's MaxPool refuses it.
                strides = [.. strides.Zip(kernel, Math.Min)];
            }

            switch (Random.Next(6))
            {
                case 0 or 1 or 2:
                    {
                        long group = channels % 2 == 0 ? Of(1, 2, channels) : Of(1, channels), filters = group * Random.NextInt64(1, 3);
                        Put(
                            new Conv(auto, dilated ? Ints.Create(dilations) : default, group, Random.Next(2) == 0 ? default : Ints.Create(kernel), given, Ints.Create(strides)),
                            false, x.Bound * (channels / group) * kernel.Aggregate(1L, (p, q) => p * q), x.Value, Floats([filters, channels / group, .. kernel]), Random.Next(2) == 0 ? null : Floats(filters));
                        break;
                    }

                case 3: Put(new MaxPool(auto, auto == AutoPad.NotSet && Random.Next(2) == 0, dilated ? Ints.Create(dilations) : default, Ints.Create(kernel), given, false, Ints.Create(strides)), x.IsExact, x.Bound, x.Value); break;
                case 4: Put(new AveragePool(auto, auto == AutoPad.NotSet && Random.Next(2) == 0, Random.Next(2) == 0, dilated ? Ints.Create(dilations) : default, Ints.Create(kernel), given, Ints.Create(strides)), false, x.Bound, x.Value); break;
                default: Put(Of<Operator>(new GlobalAveragePool(), new GlobalMaxPool()), false, x.Bound, x.Value); break;
            }
        }

        private void Normalize(Item x)
        {
            if (x.Rank < 2 || x.IsEmpty)
            {
                return;
            }

            long last = x.Dims![^1], channels = x.Dims[1];
            Value v = x.Value;
            switch (Random.Next(7))
            {
                case 0 or 1: Put(Of<Operator>(new Softmax(Axis(x)), new LogSoftmax(Axis(x))), false, 2 * x.Bound + 8, v); break;
                case 2: Put(new LayerNormalization(-1, 0.1f), false, 12, v, Floats(last), Random.Next(2) == 0 ? null : Floats(last)); break;
                case 3 when x.Value.Tensor!.Shape[1].IsConstant: Put(new BatchNormalization(0.01f), false, (2 * x.Bound) + 3, v, Floats(channels), Floats(channels), Floats(channels), FloatsFrom(0.5f, channels)); break;
                case 4 when x.Rank > 2 && x.Value.Tensor!.Shape[1].IsConstant: Put(new InstanceNormalization(0.1f), false, 12, v, Floats(channels), Floats(channels)); break;
                case 5 when x.Rank > 2 && x.Value.Tensor!.Shape[1].IsConstant: Put(new GroupNormalization(channels % 2 == 0 ? 2 : 1, 0.1f), false, 12, v, Floats(channels), Floats(channels)); break;
                default: Put(new RMSNormalization(-1, 0.1f), false, 12, v, Floats(last)); break;
            }
        }

        private void Reduce(Item x)
        {
            if (x.Rank < 1 || x.IsEmpty)
            {
                return;
            }

            bool keep = Random.Next(2) == 0;
            long count = Tensor.CountElements(x.Dims!);
            Value? axes = Random.Next(4) == 0 ? null : x.Rank > 1 && Random.Next(3) == 0 ? Integers(0, -1) : Integers(Random.Next(2) == 0 ? Axis(x) : Axis(x) - x.Rank);
            switch (Random.Next(9))
            {
                case 0: Put(new ReduceSum(keep, axes is null && Random.Next(2) == 0), false, x.Bound * count, x.Value, axes); break;
                case 1: Put(new ReduceMean(keep), false, x.Bound, x.Value, axes); break;
                case 2: Put(new ReduceMax(keep), x.IsExact, x.Bound, x.Value, axes); break;
                case 3: Put(new ReduceMin(keep), x.IsExact, x.Bound, x.Value, axes); break;
                case 4: Put(new ReduceL1(keep), false, x.Bound * count, x.Value, axes); break;
                case 5: Put(new ReduceL2(keep), false, x.Bound * count, Call(new Add(), Call(new Abs(), x.Value), Scalar(0.25f)), axes); break;
                case 6: Put(new ReduceSumSquare(keep), false, x.Bound * x.Bound * count, x.Value, axes); break;
                case 7: Put(new ReduceLogSumExp(keep), false, x.Bound + 10, Call(new Clip(), x.Value, Scalar(-5), Scalar(5)), axes); break;
                default: Put(new CumSum(Random.Next(2) == 0, Random.Next(2) == 0), false, x.Bound * count, x.Value, Graph.Constant($"c{_constants++}", Tensor.Scalar((long)Axis(x)))); break;
            }
        }

        /// <summary>An axis of a value of known rank of at least 1.</summary>
        private int Axis(Item x) => Random.Next(x.Rank);

        /// <summary>A constant that broadcasts to the value: of its last dimensions, some of them 1.</summary>
        private Item Operand(Item x)
        {
            int rank = x.Rank < 0 ? 0 : Random.Next(x.Rank + 1);
            long[] dims = new long[rank];
            for (int i = 0; i < rank; i++)
            {
                // A symbolic dimension is 1 in a constant: it must fit for other extents as well.
                int axis = x.Rank - rank + i;
                dims[i] = Random.Next(3) == 0 || !x.Value.Tensor!.Shape[axis].IsConstant ? 1 : x.Dims![axis];
            }

            return new(Floats(dims), dims, true, 1);
        }

        private static bool Broadcasts(Item a, Item b)
        {
            if (a.Dims is null || b.Dims is null)
            {
                return false;
            }

            for (int i = 1; i <= Math.Min(a.Rank, b.Rank); i++)
            {
                if (a.Dims[^i] != b.Dims[^i] && a.Dims[^i] != 1 && b.Dims[^i] != 1)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
