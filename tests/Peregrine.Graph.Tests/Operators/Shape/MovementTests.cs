using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators.Movement;

/// <summary>Random shapes and arguments against plain index arithmetic, in element types of every size.</summary>
public sealed class MovementTests
{
    public static TheoryData<DataType> Types => [.. Labelled.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void TransposeMovesAxes(DataType type)
    {
        Random random = new(1);
        for (int round = 0; round < 60; round++)
        {
            int rank = random.Next(0, 6);
            long[] permutation = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
            random.Shuffle(permutation);
            Tensor source = Labelled.Make(type, Labelled.Dims(random, rank), random);
            Tensor result = Labelled.Run(new Transpose(Ints.Create(permutation)), source);
            Assert.Equal(permutation.Select(p => source.Dims[(int)p]), result.Dims.ToArray());
            Labelled.Check(source, result, at =>
            {
                long[] from = new long[rank];
                for (int i = 0; i < rank; i++)
                {
                    from[permutation[i]] = at[i];
                }

                return from;
            });
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void SliceFollowsPython(DataType type)
    {
        Random random = new(2);
        for (int round = 0; round < 200; round++)
        {
            int rank = random.Next(1, 4), axis = random.Next(rank);
            Tensor source = Labelled.Make(type, Labelled.Dims(random, rank, 7), random);
            long start = random.Next(-9, 10), end = random.Next(10) == 0 ? long.MaxValue : random.Next(-9, 10), step = random.Next(1, 4) * (random.Next(2) == 0 ? 1 : -1);
            end = step < 0 && random.Next(4) == 0 ? long.MinValue : end;
            List<long> kept = Positions(source.Dims[axis], start, end, step);
            Tensor result = Labelled.Run(new Slice(), source, Tensor.Vector(start), Tensor.Vector(end), Tensor.Vector((long)(axis - (random.Next(2) * rank))), Tensor.Vector(step));
            Assert.Equal(kept.Count, result.Dims[axis]);
            Labelled.Check(source, result, at => [.. at.Select((x, i) => i == axis ? kept[(int)x] : x)]);
        }

        // Python's definition, step by step.
        static List<long> Positions(long extent, long start, long end, long step)
        {
            Int128 from = start < 0 ? (Int128)start + extent : start, to = end < 0 ? (Int128)end + extent : end;
            from = Int128.Clamp(from, step > 0 ? 0 : -1, step > 0 ? extent : extent - 1);
            to = Int128.Clamp(to, step > 0 ? 0 : -1, step > 0 ? extent : extent - 1);
            List<long> positions = [];
            for (Int128 i = from; step > 0 ? i < to : i > to; i += step)
            {
                positions.Add((long)i);
            }

            return positions;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void SplitUndoesConcat(DataType type)
    {
        Random random = new(3);
        for (int round = 0; round < 40; round++)
        {
            int rank = random.Next(1, 5), axis = random.Next(rank), count = random.Next(1, 5);
            long[] dims = Labelled.Dims(random, rank);
            Tensor[] parts = new Tensor[count];
            for (int i = 0; i < count; i++)
            {
                dims[axis] = random.Next(0, 4);
                parts[i] = Labelled.Make(type, dims, random);
            }

            Tensor whole = Labelled.Run(new Concat(axis - (random.Next(2) * rank)), parts);
            long offset = 0;
            foreach (Tensor part in parts)
            {
                long begin = offset;
                Labelled.Check(whole, part, at => [.. at.Select((x, i) => i == axis ? x + begin : x)]);
                offset += part.Dims[axis];
            }

            Tensor[] cut = Labelled.Run(new Split(axis), count, whole, Tensor.Vector<long>([.. parts.Select(p => p.Dims[axis])]));
            Assert.All(cut.Zip(parts), pair => Assert.Equal(pair.Second, pair.First));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void PadTakesElementsFromWhereItsModeSays(DataType type)
    {
        Random random = new(4);
        foreach (PadMode mode in Enum.GetValues<PadMode>())
        {
            for (int round = 0; round < 40; round++)
            {
                int rank = random.Next(1, 4);
                long[] dims = [.. Enumerable.Range(0, rank).Select(_ => (long)random.Next(1, 5))], pads = new long[2 * rank];
                for (int i = 0; i < rank; i++)
                {
                    pads[i] = random.Next(0, 6);
                    pads[i + rank] = random.Next(0, 6);
                    if (random.Next(4) == 0 && dims[i] > 1)
                    {
                        pads[i + (random.Next(2) * rank)] = -1;
                    }
                }

                Tensor source = Labelled.Make(type, dims, random);
                Tensor result = Labelled.Run(new Pad(mode), source, Tensor.Vector(pads));
                Labelled.Check(source, result, at =>
                {
                    long[] from = new long[rank];
                    for (int i = 0; i < rank; i++)
                    {
                        long first = Math.Max(-pads[i], 0), count = dims[i] - first - Math.Max(-pads[i + rank], 0), position = at[i] - Math.Max(pads[i], 0);
                        if (mode == PadMode.Constant && (position < 0 || position >= count))
                        {
                            return null;
                        }

                        // Reflection and wrapping one step at a time.
                        while (position < 0 || position >= count)
                        {
                            position = mode switch
                            {
                                PadMode.Edge => position < 0 ? 0 : count - 1,
                                PadMode.Wrap => position < 0 ? position + count : position - count,
                                _ => count == 1 ? 0 : position < 0 ? -position : (2 * (count - 1)) - position,
                            };
                        }

                        from[i] = first + position;
                    }

                    return from;
                });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void GathersReadWhereTheIndicesPoint(DataType type)
    {
        Random random = new(5);
        for (int round = 0; round < 60; round++)
        {
            int rank = random.Next(1, 4), axis = random.Next(rank);
            long[] dims = [.. Enumerable.Range(0, rank).Select(_ => (long)random.Next(1, 5))];
            Tensor source = Labelled.Make(type, dims, random);
            long[] indexDims = Labelled.Dims(random, random.Next(0, 3));
            Tensor indices = Indices(indexDims, dims[axis]);
            Tensor gathered = Labelled.Run(new Gather(axis), source, indices);
            Labelled.Check(source, gathered, at => [.. at[..axis], At(indices, at[axis..(axis + indexDims.Length)], dims[axis]), .. at[(axis + indexDims.Length)..]]);

            long[] within = [.. dims.Select((d, i) => i == axis ? random.Next(1, 6) : (long)random.Next(1, (int)d + 1))];
            Tensor elementIndices = Indices(within, dims[axis]);
            Tensor elements = Labelled.Run(new GatherElements(axis), source, elementIndices);
            Labelled.Check(source, elements, at => [.. at.Select((x, i) => i == axis ? At(elementIndices, at, dims[axis]) : x)]);
        }

        Tensor Indices(long[] dims, long extent)
        {
            Tensor tensor = Tensor.Allocate(DataType.Int64, dims);
            foreach (ref long index in tensor.Span<long>())
            {
                index = random.NextInt64(-extent, extent);
            }

            return tensor;
        }

        static long At(Tensor indices, long[] at, long extent) => indices.Span<long>()[(int)Labelled.Index(indices.Dims, at)] is var index && index < 0 ? index + extent : index;
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void ScatterUndoesGatherOfDistinctPositions(DataType type)
    {
        Random random = new(6);
        for (int round = 0; round < 40; round++)
        {
            long rows = random.Next(1, 6), columns = random.Next(1, 5);
            Tensor source = Labelled.Make(type, [rows, columns], random);
            long[] order = [.. Enumerable.Range(0, (int)rows).Select(i => (long)i)];
            random.Shuffle(order);
            Tensor grid = Tensor.Of<long>([rows, columns], [.. order.SelectMany(r => Enumerable.Repeat(r, (int)columns))]);
            Tensor blank = Tensor.Allocate(type, [rows, columns]);
            Assert.Equal(source, Labelled.Run(new ScatterElements(0), blank, grid, Labelled.Run(new GatherElements(0), source, grid)));
            Tensor tuples = Tensor.Of<long>([rows, 1], order);
            Assert.Equal(source, Labelled.Run(new ScatterND(), blank, tuples, Labelled.Run(new GatherND(), source, tuples)));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void ExpandAndTileRepeat(DataType type)
    {
        Random random = new(7);
        for (int round = 0; round < 40; round++)
        {
            int rank = random.Next(0, 4);
            long[] dims = Labelled.Dims(random, rank, 3), repeats = [.. dims.Select(_ => (long)random.Next(0, 4))];
            Tensor source = Labelled.Make(type, dims, random);
            Labelled.Check(source, Labelled.Run(new Tile(), source, Tensor.Vector(repeats)), at => [.. at.Select((x, i) => x % dims[i])]);
            long[] target = [2, .. dims.Select(d => d == 1 ? random.Next(1, 4) : d)];
            Tensor expanded = Labelled.Run(new Expand(), source, Tensor.Vector(target));
            Assert.Equal(target, expanded.Dims.ToArray());
            Labelled.Check(source, expanded, at => [.. at[1..].Select((x, i) => dims[i] == 1 ? 0 : x)]);
        }
    }
}
