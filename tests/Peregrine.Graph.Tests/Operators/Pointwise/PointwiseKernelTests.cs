using System.Globalization;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

/// <summary>The interpreter of expressions against plain formulas, element by element, over random broadcast shapes.</summary>
public class PointwiseKernelTests
{
    public static TheoryData<DataType> FloatTypes => [DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16];

    public static TheoryData<DataType> IntegerTypes =>
        [DataType.Int8, DataType.UInt8, DataType.Int16, DataType.UInt16, DataType.Int32, DataType.UInt32, DataType.Int64, DataType.UInt64];

    [Theory]
    [MemberData(nameof(FloatTypes))]
    public void Float_operators_round_the_exact_formula_once(DataType type)
    {
        (PointwiseOperator Op, Func<double, double, double> Formula)[] cases =
        [
            (new Add(), (a, b) => a + b), (new Sub(), (a, b) => a - b), (new Mul(), (a, b) => a * b), (new Div(), (a, b) => a / b),
            (new Peregrine.Operators.Max(), Math.Max), (new Min(), Math.Min), (new Pow(), Math.Pow), (new Mod(Fmod: true), (a, b) => a % b),
            (new PRelu(), (a, b) => a < 0 ? a * b : a),
        ];
        Check(type, cases, 3);
    }

    [Theory]
    [MemberData(nameof(FloatTypes))]
    public void Comparisons_of_floats_follow_ieee(DataType type)
    {
        (PointwiseOperator Op, Func<double, double, double> Formula)[] cases =
        [
            (new Equal(), (a, b) => a == b ? 1 : 0), (new Less(), (a, b) => a < b ? 1 : 0), (new LessOrEqual(), (a, b) => a <= b ? 1 : 0),
            (new Greater(), (a, b) => a > b ? 1 : 0), (new GreaterOrEqual(), (a, b) => a >= b ? 1 : 0),
        ];
        Check(type, cases, 5);
    }

    [Theory]
    [MemberData(nameof(IntegerTypes))]
    public void Integer_operators_wrap_at_their_own_width(DataType type)
    {
        Int128 low = type.IsSignedInteger() ? -(Int128.One << (type.Bits() - 1)) : 0, modulus = Int128.One << type.Bits();
        Int128 Wrap(Int128 x) => ((((x - low) % modulus) + modulus) % modulus) + low;
        Int128 Floor(Int128 a, Int128 b) => a % b is var r && r != 0 && r < 0 != b < 0 ? r + b : r;
        (PointwiseOperator Op, Func<Int128, Int128, Int128> Formula)[] cases =
        [
            (new Add(), (a, b) => a + b), (new Sub(), (a, b) => a - b), (new Mul(), (a, b) => a * b), (new Div(), (a, b) => b == 0 ? 0 : a / b),
            (new Peregrine.Operators.Max(), Int128.Max), (new Min(), Int128.Min), (new Mod(), (a, b) => b == 0 ? 0 : Floor(a, b)),
            (new Mod(Fmod: true), (a, b) => b == 0 ? 0 : a % b), (new BitwiseAnd(), (a, b) => a & b), (new BitwiseOr(), (a, b) => a | b), (new BitwiseXor(), (a, b) => a ^ b),
            (new Less(), (a, b) => a < b ? 1 : 0), (new GreaterOrEqual(), (a, b) => a >= b ? 1 : 0), (new Equal(), (a, b) => a == b ? 1 : 0),
        ];
        Random random = new(11);
        foreach ((PointwiseOperator op, Func<Int128, Int128, Int128> formula) in cases)
        {
            Int128[] values = [low, low + 1, low + modulus - 1, 0, 1, Wrap(-1), 2, 7, .. Enumerable.Range(0, 9).Select(_ => Wrap(random.NextInt64()))];
            (Int128 A, Int128 B)[] pairs = [.. from a in values from b in values select (a, b)];
            Tensor left = Integers(type, [.. pairs.Select(p => p.A)]), right = Integers(type, [.. pairs.Select(p => p.B)]);
            Int128[] actual = Read(OperatorRunner.Run(op, left, right));
            for (int i = 0; i < pairs.Length; i++)
            {
                Int128 expected = Wrap(formula(pairs[i].A, pairs[i].B));
                Assert.True(actual[i] == expected, $"{op} on {type}: {pairs[i]} gave {actual[i]}, not {expected}");
            }
        }

        Int128[] extremes = [low, low + modulus - 1, 0, 1];
        Assert.Equal(extremes.Select(x => Wrap(~x)), Read(OperatorRunner.Run(new BitwiseNot(), Integers(type, extremes))));
        Assert.Equal(extremes.Select(x => Wrap(Int128.Abs(x))), Read(OperatorRunner.Run(new Abs(), Integers(type, extremes))));
        Assert.Equal(extremes.Select(x => Wrap(-x)), Read(OperatorRunner.Run(new Neg(), Integers(type, extremes))));
        Assert.Equal(extremes.Select(x => (Int128)Int128.Sign(x)), Read(OperatorRunner.Run(new Sign(), Integers(type, extremes))));
    }

    [Fact]
    public void Nan_propagates_through_minimum_and_maximum_in_every_lane()
    {
        for (int length = 1; length <= 40; length += 13)
        {
            float[] nan = [.. Enumerable.Repeat(float.NaN, length)], one = [.. Enumerable.Repeat(1f, length)];
            foreach (PointwiseOperator op in (PointwiseOperator[])[new Min(), new Peregrine.Operators.Max(), new Add()])
            {
                Assert.All(OperatorRunner.Run(op, Tensor.Vector<float>(nan), Tensor.Vector<float>(one)).Span<float>().ToArray(), x => Assert.True(float.IsNaN(x)));
                Assert.All(OperatorRunner.Run(op, Tensor.Vector<float>(one), Tensor.Vector<float>(nan)).Span<float>().ToArray(), x => Assert.True(float.IsNaN(x)));
            }
        }
    }

    [Fact]
    public void Empty_tensors_and_scalars_work()
    {
        Tensor empty = OperatorRunner.Run(new Add(), Tensor.Of<float>([2, 0, 3], []), Tensor.Scalar(1f));
        Assert.Equal([2, 0, 3], empty.Dims.ToArray());
        Tensor scalar = OperatorRunner.Run(new Add(), Tensor.Scalar(2f), Tensor.Scalar(1f));
        Assert.Equal(0, scalar.Rank);
        Assert.Equal(3f, scalar.Span<float>()[0]);
    }

    [Fact]
    public void Very_many_inputs_do_not_exhaust_the_stack()
    {
        Tensor[] inputs = [.. Enumerable.Range(0, 20_000).Select(i => Tensor.Scalar((float)(i % 3)))];
        Assert.Equal(inputs.Sum(t => t.Span<float>()[0]), OperatorRunner.Run(new Sum(), inputs).Span<float>()[0]);
        Assert.Equal(2f, OperatorRunner.Run(new Peregrine.Operators.Max(), inputs).Span<float>()[0]);
    }

    [Fact]
    public void Steady_state_allocates_nothing()
    {
        HardSwish op = new();
        Tensor input = OperatorRunner.Vector(DataType.Float32, [.. Enumerable.Range(0, 1000).Select(i => (i - 500) / 100.0)]);
        EvaluationScope scope = new(op, "node", 1, [new TensorType(DataType.Float32, Peregrine.Symbolics.Shape.Of(1000))], [true]);
        scope.BindInput(0, input);
        scope.Execute();
        long before = GC.GetAllocatedBytesForCurrentThread();
        scope.Execute();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Expressions_share_common_parts_and_reuse_slots()
    {
        Operands x = new([DataType.Float32]);
        Expr square = x[0] * x[0], body = x[0];
        for (int i = 0; i < 40; i++)
        {
            // As a tree this has 2^40 leaves.
            body = body + body;
        }

        PointwiseProgram program = PointwiseProgram.Compile(body + square, [DataType.Float32]);
        Assert.Equal(43, program.Instructions.Length);
        Assert.InRange(program.SlotCount, 1, 3);
    }

    private static void Check(DataType type, (PointwiseOperator Op, Func<double, double, double> Formula)[] cases, int seed)
    {
        Random random = new(seed);
        double[] special = [0, -0.0, 1, -1, 2, 0.5, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
        foreach ((PointwiseOperator op, Func<double, double, double> formula) in cases)
        {
            for (int round = 0; round < 12; round++)
            {
                (long[] left, long[] right, long[] result) = Shapes(random, unidirectional: op is PRelu);
                Tensor a = Floats(type, left, random, special), b = Floats(type, right, random, special), actual = OperatorRunner.Run(op, a, b);
                Assert.Equal(result, actual.Dims.ToArray());
                double[] x = OperatorRunner.Numbers(a), y = OperatorRunner.Numbers(b), z = OperatorRunner.Numbers(actual);
                for (long i = 0; i < z.Length; i++)
                {
                    double expected = formula(x[Source(i, left, result)], y[Source(i, right, result)]);
                    expected = OperatorRunner.Numbers(OperatorRunner.Make(actual.Type, [], [expected]))[0];
                    Assert.True(expected.Equals(z[i]), string.Create(CultureInfo.InvariantCulture, $"{op} on {type}, element {i} of {actual}: {z[i]:R}, not {expected:R}"));
                }
            }
        }
    }

    /// <summary>Two shapes that broadcast, and what they broadcast to; some longer than a block.</summary>
    private static (long[] Left, long[] Right, long[] Result) Shapes(Random random, bool unidirectional)
    {
        int rank = random.Next(0, 5);
        long[] result = [.. Enumerable.Range(0, rank).Select(_ => (long)random.Next(1, 9))], left = [.. result], right = [.. result];
        for (int i = 0; i < rank; i++)
        {
            (unidirectional || random.Next(2) == 0 ? right : left)[i] = random.Next(3) == 0 ? 1 : result[i];
        }

        int dropped = random.Next(rank + 1);
        for (int i = 0; i < rank; i++)
        {
            result[i] = i < dropped ? left[i] : Math.Max(left[i], right[i]);
        }

        return (left, right[dropped..], result);
    }

    private static int Source(long element, long[] own, long[] full)
    {
        long index = 0, stride = 1;
        for (int i = 1; i <= full.Length; i++)
        {
            long coordinate = element % full[^i];
            element /= full[^i];
            if (i <= own.Length)
            {
                index += own[^i] == 1 ? 0 : coordinate * stride;
                stride *= own[^i];
            }
        }

        return (int)index;
    }

    private static Tensor Floats(DataType type, long[] dims, Random random, double[] special) =>
        OperatorRunner.Make(type, dims, [.. Enumerable.Range(0, (int)Tensor.CountElements(dims)).Select(_ => random.Next(6) == 0 ? special[random.Next(special.Length)] : (random.NextDouble() * 20) - 10)]);

    private static Tensor Integers(DataType type, Int128[] values)
    {
        Tensor tensor = Tensor.Allocate(type, [values.Length]);
        ElementConversion.Store<ulong>([.. values.Select(v => unchecked((ulong)v))], tensor);
        return tensor;
    }

    private static Int128[] Read(Tensor tensor)
    {
        long[] signed = new long[tensor.Length];
        ElementConversion.Load<long>(tensor, signed);
        return [.. signed.Select(v => tensor.Type == DataType.UInt64 ? (Int128)(ulong)v : v)];
    }
}
