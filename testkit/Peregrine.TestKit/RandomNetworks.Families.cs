using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <content>Rarer families: quantisation, recurrence, control flow, transposed convolutions, selections.</content>
public static partial class RandomNetworks
{
    private sealed partial class Draft
    {
        /// <summary>Quantised and back. What is quantised must be exact: elsewhere a rounding error could become a whole step.</summary>
        private void Quantize(Item x)
        {
            if (!x.IsExact || x.Rank < 1 || x.IsEmpty)
            {
                return;
            }

            bool isSigned = Random.Next(2) == 0;
            DataType type = isSigned ? DataType.Int8 : DataType.UInt8;
            int axis = Axis(x);
            bool perAxis = Random.Next(3) == 0 && x.Value.Tensor!.Shape[axis].IsConstant;
            long count = perAxis ? x.Dims![axis] : 1;
            // Powers of two keep quotients exact, so that ties are ties in every runtime.
            float[] steps = [.. Enumerable.Range(0, (int)count).Select(_ => MathF.ScaleB(1, Random.Next(-6, -2)))];
            byte[] zeros = [.. Enumerable.Range(0, (int)count).Select(_ => (byte)(isSigned ? Random.Next(-20, 20) : Random.Next(100, 140)))];
            long[] dims = perAxis ? [count] : [];
            Value scale = Graph.Constant($"c{_constants++}", Tensor.Of(dims, steps)), zero = Graph.Constant($"c{_constants++}", new Tensor(type, dims, zeros));
            Value quantized = Call(new QuantizeLinear(perAxis ? axis : 0), x.Value, scale, zero);
            if (!perAxis && x.Rank >= 2 && Random.Next(2) == 0)
            {
                long k = x.Dims![^1], n = Random.NextInt64(1, 6);
                byte[] weights = new byte[k * n];
                Random.NextBytes(weights);
                Value product = Call(new MatMulInteger(), quantized, Graph.Constant($"c{_constants++}", new Tensor(DataType.Int8, [k, n], weights)), zero);
                Put(new Mul(), false, 4 * k * 128, Call(new Cast(DataType.Float32), product), Scalar(1f / 64));
                return;
            }

            Value moved = Random.Next(3) == 0 && !perAxis ? Call(new Flatten(1), quantized) : quantized;
            Put(new DequantizeLinear(perAxis ? axis : 0), true, 40, moved, scale, zero);
        }

        /// <summary>Recurrences over [steps, batch, features].</summary>
        private void Recur(Item x)
        {
            if (x.Rank != 3 || x.IsEmpty || !x.Value.Tensor!.Shape[2].IsConstant)
            {
                return;
            }

            long features = x.Dims![2], hidden = Random.NextInt64(1, 5);
            RecurrentDirection direction = Of(RecurrentDirection.Forward, RecurrentDirection.Reverse, RecurrentDirection.Bidirectional);
            long directions = direction == RecurrentDirection.Bidirectional ? 2 : 1;
            (RecurrentOperator op, long gates) = Random.Next(3) switch
            {
                0 => (new Lstm { Direction = direction, HiddenSize = hidden }, 4L),
                1 => ((RecurrentOperator)new Gru { Direction = direction, HiddenSize = hidden, LinearBeforeReset = Random.Next(2) == 0 }, 3L),
                _ => (new Rnn { Direction = direction, HiddenSize = hidden }, 1L),
            };
            Value? bias = Random.Next(2) == 0 ? null : Floats(directions, 2 * gates * hidden);
            IReadOnlyList<Value?> outputs = Graph.CallMany(op, [x.Value, Floats(directions, gates * hidden, features), Floats(directions, gates * hidden, hidden), bias], 2);
            Add(outputs[0]!, false, 1);
            Add(outputs[1]!, false, 1);
        }

        /// <summary>Branches, loops and scans with bodies of a few operators; some capture values from outside.</summary>
        private void Control(Item x)
        {
            switch (Random.Next(3))
            {
                case 0 when x is { IsExact: true, Rank: > 0, IsEmpty: false }:
                    {
                        Value condition = Call(new Greater(), Call(new ReduceMax(false), x.Value), Scalar(0.75f));
                        Item other = Pick(_floats);
                        GraphBuilder then = Body("then"), otherwise = Body("else");
                        Value a = then.Input("a", x.Value.Type), b = otherwise.Input("a", x.Value.Type);
                        _ = (then.Input("b", other.Value.Type), otherwise.Input("b", other.Value.Type));
                        then.Output("y", then.Call(new Mul(), then.Call(new Relu(), a), then.Constant("half", Tensor.Scalar(0.5f))));
                        otherwise.Output("y", otherwise.Call(new Neg(), otherwise.Call(new Tanh(), b)));
                        Put(new If(then.Graph, otherwise.Graph), false, x.Bound, condition, x.Value, other.Value);
                        break;
                    }

                case 1 when x.Rank > 0:
                    {
                        GraphBuilder body = Body("loop");
                        Value iteration = body.Input("i", DataType.Int64), condition = body.Input("c", DataType.Bool), state = body.Input("s", x.Value.Type), captured = body.Input("x", x.Value.Type);
                        Value next = body.Call(new Mul(), body.Call(new Add(), state, captured), body.Constant("half", Tensor.Scalar(0.5f)));
                        body.Output("c", body.Call(new Identity(), condition));
                        body.Output("s", next);
                        body.Output("y", body.Call(new Add(), next, body.Call(new Cast(DataType.Float32), iteration)));
                        // The standard leaves open which extents an empty list of results has where the body's are symbolic.
                        Value trips = Graph.Constant($"c{_constants++}", Tensor.Scalar(Random.NextInt64(x.Value.Tensor!.Shape.IsStatic ? 0 : 1, 4)));
                        IReadOnlyList<Value?> outputs = Graph.CallMany(new Loop(body.Graph, 1), [trips, null, x.Value, x.Value], 2);
                        Add(outputs[0]!, false, x.Bound);
                        Add(outputs[1]!, false, x.Bound + 4);
                        break;
                    }

                case 2 when x.Rank > 1:
                    {
                        GraphBuilder body = Body("scan");
                        Symbolics.Shape row = Symbolics.Shape.Create([.. x.Value.Tensor!.Shape.Skip(1)]);
                        Value sum = body.Input("sum", new TensorType(DataType.Float32, row)), slice = body.Input("row", new TensorType(DataType.Float32, row));
                        Value added = body.Call(new Add(), sum, slice);
                        body.Output("sum", added);
                        body.Output("y", body.Call(new Sigmoid(), added));
                        Value start = Call(new Squeeze(), Call(new Mul(), Call(new ReduceMax(true), x.Value, Integers(0)), Scalar(0.5f)), Integers(0));
                        if (x.IsEmpty)
                        {
                            return;
                        }

                        IReadOnlyList<Value?> outputs = Graph.CallMany(new Scan(body.Graph, 1), [start, x.Value], 2);
                        Add(outputs[0]!, false, x.Bound * (x.Dims![0] + 1));
                        Add(outputs[1]!, false, 1);
                        break;
                    }
            }
        }

        /// <summary>Transposed convolutions, further pools and normalizations.</summary>
        private void WindowRare(Item x)
        {
            if (x.Rank is not (3 or 4) || x.IsEmpty)
            {
                return;
            }

            int spatial = x.Rank - 2;
            long channels = x.Dims![1];
            Value v = x.Value;
            switch (Random.Next(6))
            {
                case 0 or 1 when v.Tensor!.Shape[1].IsConstant:
                    {
                        long group = channels % 2 == 0 ? Of(1L, 2L) : 1, filters = Random.NextInt64(1, 3);
                        long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => Random.NextInt64(2, 4))], strides = [.. kernel.Select(_ => Random.NextInt64(1, 3))];
                        long[] outputPadding = [.. strides.Select(s => Random.NextInt64(0, s))], pads = [.. kernel.Concat(kernel).Select(_ => Random.NextInt64(0, 2))];
                        if (x.Dims.Skip(2).Min() < 3)
                        {
                            return;
                        }

                        Put(
                            new ConvTranspose(Group: group, KernelShape: Ints.Create(kernel), OutputPadding: Ints.Create(outputPadding), Pads: Ints.Create(pads), Strides: Ints.Create(strides)),
                            false, x.Bound * (channels / group) * kernel.Aggregate(1L, (p, q) => p * q), v, Floats([channels, filters, .. kernel]), Random.Next(2) == 0 ? null : Floats(filters * group));
                        break;
                    }

                // ONNX Runtime's kernel takes images only.
                case 2 when spatial == 2: Put(new LRN(3, 0.01f, 0.5f, 1), false, x.Bound, v); break;
                case 3: Put(new GlobalLpPool(2), false, x.Bound * x.Dims.Aggregate(1L, (p, q) => p * q), Call(new Add(), Call(new Abs(), v), Scalar(0.25f))); break;
                // The variance of one element is nothing but rounding errors.
                case 4 when spatial == 2 && x.Dims[3] > 1: Put(new MeanVarianceNormalization(Ints.Create([0, 2, 3])), false, 40, Call(new Add(), v, Floats(x.Dims[1], 1, x.Dims[3]))); break;
                default: Put(new LpNormalization(Axis(x), Of(1L, 2L)), false, 1, Call(new Add(), Call(new Abs(), v), Scalar(0.25f))); break;
            }
        }

        /// <summary>Selections, encodings and activations with parameters.</summary>
        private void Select(Item x)
        {
            if (x.Rank < 1 || x.IsEmpty)
            {
                return;
            }

            Value v = x.Value;
            int axis = Axis(x);
            switch (Random.Next(8))
            {
                case 0: Put(new PRelu(), x.IsExact, x.Bound, v, Operand(x).Value); break;
                case 1: Put(new ThresholdedRelu(0.25f), x.IsExact, x.Bound, x.IsExact ? v : Call(new Relu(), v)); break;
                case 2 when x.IsExact: Put(new Shrink(0.125f, 0.25f), false, x.Bound + 1, v); break;
                case 3 when v.Tensor!.Shape[axis].IsConstant && x.Dims![axis] > 1:
                    {
                        bool[] keep = [.. Enumerable.Range(0, (int)x.Dims[axis]).Select(i => i == 0 || Random.Next(2) == 0)];
                        Put(new Compress(axis), x.IsExact, x.Bound, v, Graph.Constant($"c{_constants++}", Tensor.Of([keep.Length], keep)));
                        break;
                    }

                case 4 when x.Rank > 1 && v.Tensor!.Shape[0].IsConstant && v.Tensor.Shape[1].IsConstant:
                    Put(new ReverseSequence(0, 1), x.IsExact, x.Bound, v, Integers([.. Enumerable.Range(0, (int)x.Dims![0]).Select(_ => Random.NextInt64(1, x.Dims[1] + 1))]));
                    break;
                case 5 when x.IsExact: Put(new Hardmax(axis), true, 1, v); break;
                case 6 when x.IsExact && x.Rank > 1:
                    Put(new OneHot(-1), true, 1, Call(new ArgMax(axis, false), v), Graph.Constant($"c{_constants++}", Tensor.Scalar(4L)), Graph.Constant($"c{_constants++}", Tensor.Vector(-0.5f, 1)));
                    break;
                default: Put(new ReduceProd(Random.Next(2) == 0), false, 16, Call(new Clip(), v, Scalar(-1), Scalar(1)), Integers(axis)); break;
            }
        }

        private GraphBuilder Body(string name) => new(new Graph(name, Graph.Graph.Symbols, Graph.Graph.Edits), (DiagnosticBag?)null);
    }
}
