using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <content>Data movement, shape arithmetic, integers.</content>
public static partial class RandomNetworks
{
    private sealed partial class Draft
    {
        /// <summary>Moves elements of any type.</summary>
        private void Move(Item x)
        {
            if (x.Rank < 1)
            {
                return;
            }

            Value v = x.Value;
            int axis = Axis(x);
            long extent = x.Dims![axis];
            switch (Random.Next(10))
            {
                case 0:
                    {
                        long[] permutation = [.. Enumerable.Range(0, x.Rank).Select(i => (long)i).OrderBy(_ => Random.Next())];
                        Put(new Transpose(Random.Next(4) == 0 ? null : Ints.Create(permutation)), x.IsExact, x.Bound, v);
                        break;
                    }

                case 1: Put(new Slice(), x.IsExact, x.Bound, v, Integers(Of(0, 1, -3, 100)), Integers(Of(2, -1, 1000, 3)), Integers(Of(axis, axis - x.Rank)), Random.Next(2) == 0 ? null : Integers(Of(1, 2))); break;
                case 2: Put(new Slice(), x.IsExact, x.Bound, v, Integers(Of(-1, 100)), Integers(Of(-1000, 0)), Integers(axis), Integers(Of(-1, -2))); break;
                case 3 when extent > 0: Put(new Gather(axis), x.IsExact, x.Bound, v, Of(Integers(0, -1, 0), Graph.Constant($"c{_constants++}", Tensor.Scalar(-1L)), Graph.Constant($"c{_constants++}", Tensor.Of([2, 1], [0L, extent - 1])))); break;
                case 4: Put(new Unsqueeze(), x.IsExact, x.Bound, v, Of(Integers(0), Integers(-1), Integers(1), Integers(0, -1))); break;
                case 5: Put(new Concat(Of(axis, axis - x.Rank)), x.IsExact, x.Bound, v, v); break;
                case 6: Put(new Tile(), x.IsExact, x.Bound, v, Integers([.. x.Dims.Select(_ => Random.NextInt64(1, 3))])); break;
                case 7: Put(new Flatten(Random.Next(-x.Rank, x.Rank + 1)), x.IsExact, x.Bound, v); break;
                case 8: Put(new Expand(), x.IsExact, x.Bound, v, Integers([Random.NextInt64(1, 3), .. Enumerable.Repeat(1L, x.Rank)])); break;
                default:
                    {
                        long first = extent / 2;
                        // Only a known dimension can be split into known parts.
                        bool known = x.Value.Tensor!.Shape[axis].IsConstant && Random.Next(2) == 0;
                        if (known || extent >= 2)
                        {
                            IReadOnlyList<Value?> parts = known ? Graph.CallMany(new Split(axis), [v, Integers(first, extent - first)], 2) : Graph.CallMany(new Split(axis, 2), [v], 2);
                            Add(parts[0]!, x.IsExact, x.Bound);
                            Add(parts[1]!, x.IsExact, x.Bound);
                        }

                        break;
                    }
            }
        }

        /// <summary>Movement of floats with modes: pads, blocks, resizing, scattering.</summary>
        private void Rearrange(Item x)
        {
            if (x.Rank < 2 || x.IsEmpty)
            {
                return;
            }

            Value v = x.Value;
            int axis = Axis(x);
            switch (Random.Next(8))
            {
                case 0:
                    {
                        PadMode mode = Of(PadMode.Constant, PadMode.Constant, PadMode.Edge, PadMode.Reflect, PadMode.Wrap);
                        long most = mode is PadMode.Constant or PadMode.Edge ? 2 : Math.Min(2, x.Dims!.Min() - 1);
                        long[] pads = [.. x.Dims!.Concat(x.Dims!).Select(_ => Random.NextInt64(0, most + 1))];
                        Put(new Pad(mode), x.IsExact, x.Bound + 1, v, Integers(pads), mode == PadMode.Constant && Random.Next(2) == 0 ? Scalar(0.5f) : null);
                        break;
                    }

                case 1 when x.Rank == 4 && x.Dims![1] % 4 == 0: Put(new DepthToSpace(2, Of(DepthOrder.DepthColumnRow, DepthOrder.ColumnRowDepth)), x.IsExact, x.Bound, v); break;
                case 2 when x.Rank == 4 && x.Dims![2] % 2 == 0 && x.Dims[3] % 2 == 0: Put(new SpaceToDepth(2), x.IsExact, x.Bound, v); break;
                case 3 when x.Rank == 4:
                    {
                        ResizeMode mode = Of(ResizeMode.Nearest, ResizeMode.Linear);
                        CoordinateTransformation coordinates = Of(CoordinateTransformation.HalfPixel, CoordinateTransformation.Asymmetric, CoordinateTransformation.AlignCorners);
                        Put(new Resize(CoordinateMode: coordinates, Mode: mode, Rounding: Of(NearestRounding.Floor, NearestRounding.RoundPreferFloor)), false, x.Bound, v, null, Graph.Constant($"c{_constants++}", Tensor.Vector(1f, 1, 2, 2)));
                        break;
                    }

                case 4: Put(new Trilu(Random.Next(2) == 0), x.IsExact, x.Bound, v, Random.Next(2) == 0 ? null : Graph.Constant($"c{_constants++}", Tensor.Scalar(Random.NextInt64(-2, 3)))); break;
                case 5:
                    {
                        long[] dims = [.. x.Dims!.Select(_ => 1L)];
                        dims[axis] = Math.Min(2, x.Dims![axis]);
                        Value indices = Graph.Constant($"c{_constants++}", Tensor.Of(dims, [.. Enumerable.Range(0, (int)dims[axis]).Select(i => i == 0 ? -1L : 0)]));
                        if (Random.Next(2) == 0)
                        {
                            Put(new GatherElements(axis), x.IsExact, x.Bound, v, indices);
                        }
                        else
                        {
                            Put(new ScatterElements(axis, Of(ScatterReduction.None, ScatterReduction.Add, ScatterReduction.Max)), x.IsExact, x.Bound + 1, v, indices, Floats(dims));
                        }

                        break;
                    }

                case 6: Put(new GatherND(), x.IsExact, x.Bound, v, Graph.Constant($"c{_constants++}", Tensor.Of([2, 1], [0L, -1L]))); break;
                default:
                    if (x.Dims!.Length > 2 && !Enumerable.Range(2, x.Rank - 2).All(i => x.Value.Tensor!.Shape[i].IsConstant))
                    {
                        return;
                    }

                    Put(new ScatterND(), x.IsExact, x.Bound + 1, v, Graph.Constant($"c{_constants++}", Tensor.Of([1, 2], [0L, x.Dims![1] - 1])), Floats([1, .. x.Dims.Skip(2)]));
                    break;
            }
        }

        /// <summary>Chains that compute shapes, as exporters write them.</summary>
        private void ShapeArithmetic(Item x)
        {
            if (x.Rank < 1)
            {
                return;
            }

            Value shape = Call(new ShapeOf(), x.Value);
            Value first = Call(new Unsqueeze(), Call(new Gather(), shape, Graph.Constant($"c{_constants++}", Tensor.Scalar(0L))), Integers(0));
            switch (Random.Next(6))
            {
                // What -1 stands for is not known where there is nothing.
                case 0 when !x.IsEmpty: Put(new Reshape(), x.IsExact, x.Bound, x.Value, Call(new Concat(0), first, Integers(-1))); break;
                case 1: Put(new Reshape(), x.IsExact, x.Bound, x.Value, Call(new Concat(0), shape, Integers(1))); break;
                case 2: Put(new Expand(), x.IsExact, x.Bound, x.Value, Call(new Concat(0), Integers(2), shape)); break;
                case 3: Put(new ConstantOfShape(Tensor.Vector(0.5f)), true, 1, Call(new Concat(0), first, Call(new Add(), first, Integers(1)))); break;
                case 4: Put(new NumberRange(), true, 100, Graph.Constant($"c{_constants++}", Tensor.Scalar(0L)), Call(new Mul(), Call(new Squeeze(), first, Integers(0)), Graph.Constant($"c{_constants++}", Tensor.Scalar(2L))), Graph.Constant($"c{_constants++}", Tensor.Scalar(1L))); break;
                default:
                    Add(Call(new Div(), Call(new Mul(), shape, Integers(3)), Integers(2)), true, 1000);
                    Add(shape, true, 100);
                    break;
            }
        }

        private void Integer()
        {
            if (_integers.Count == 0)
            {
                return;
            }

            Item x = Pick(_integers);
            Value v = x.Value, three = Graph.Constant($"c{_constants++}", Tensor.Scalar(Of(3L, 2L, -2L)));
            switch (Random.Next(8))
            {
                case 0: Put(Of<Operator>(new Add(), new Sub(), new Mul()), true, (x.Bound * 3) + 3, v, three); break;
                case 1: Put(new Div(), true, x.Bound, v, three); break;
                case 2: Put(new Mod(), true, 3, v, three); break;
                case 3: Put(Of<Operator>(new Max(), new Min()), true, x.Bound + 3, v, three); break;
                case 4: Put(new Cast(DataType.Float32), true, x.Bound, v); break;
                case 5: Put(Of<Operator>(new Equal(), new Less(), new GreaterOrEqual()), true, 1, v, three); break;
                // ONNX Runtime leaves the dimension of nothing empty where the standard makes it 1.
                case 6 when x is { Rank: > 0, IsEmpty: false }: Put(new ReduceSum(Random.Next(2) == 0), true, x.Bound * 4096, v, Integers(-1)); break;
                default: Put(Of<Operator>(new Neg(), new Abs(), new Sign()), true, x.Bound, v); break;
            }
        }

        /// <summary>What needs values of two types.</summary>
        private void Pickings(Item x)
        {
            switch (Random.Next(4))
            {
                case 0 when _bools.Count > 0: Put(new Cast(Of(DataType.Float32, DataType.Int64)), true, 1, Pick(_bools).Value); break;
                case 1 when _bools.Count > 0: Put(Of<Operator>(new Not(), new Identity()), true, 1, Pick(_bools).Value); break;
                case 2 when _bools.Where(b => Broadcasts(b, x)).OrderBy(_ => Random.Next()).FirstOrDefault() is { } condition: Put(new Where(), x.IsExact, x.Bound + 1, condition.Value, x.Value, Scalar(-0.25f)); break;
                default:
                    if (_bools.Count > 0)
                    {
                        Item a = Pick(_bools), b = Pick(_bools);
                        if (Broadcasts(a, b))
                        {
                            Put(Of<Operator>(new And(), new Or(), new Xor()), true, 1, a.Value, b.Value);
                        }
                    }

                    break;
            }
        }
    }
}
