using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Format;

public sealed class StructureTests
{
    [Fact]
    public void Random_dims_come_back_equal()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            Dim dim = RandomDim(random, 4);
            StructureWriter writer = new(new());
            writer.Dim(dim);
            StructureReader reader = Reader(writer.Bytes.Content.ToArray());
            Assert.Equal(dim, reader.Dim());
            reader.Bytes.ExpectEnd();
        }
    }

    [Fact]
    public void A_dim_that_is_not_in_its_simplest_form_is_refused()
    {
        // One term: 1 · min(5, 3).
        Assert.Throws<EngineFormatException>(() => Reader([0, 1, 0, 2, 1, 2, 0, 10, 0, 6]).Dim());
        // One term: 1 · floor(1 / 0).
        Assert.Throws<EngineFormatException>(() => Reader([0, 1, 0, 2, 1, 1, 0, 2, 0, 0]).Dim());
    }

    [Fact]
    public void Dims_and_types_nested_without_end_are_refused()
    {
        // floor(floor(floor(…
        Assert.Throws<EngineFormatException>(() => Reader([0, .. Enumerable.Repeat<byte[]>([1, 0, 2, 1, 1], 10_000).SelectMany(b => b)]).Dim());
        Assert.Throws<EngineFormatException>(() => Reader([.. Enumerable.Repeat((byte)2, 100_000)]).Type());
        Assert.Throws<EngineFormatException>(() => ExprCodec.Read(Reader([.. Enumerable.Repeat<byte[]>([2, 0], 10_000).SelectMany(b => b)])));
    }

    [Fact]
    public void An_expression_that_doubles_at_every_level_is_refused_by_writer_and_reader()
    {
        Expr expr = new OperandExpr(0);
        for (int i = 0; i < 60; i++)
        {
            expr = new BinaryExpr(BinaryFunction.Add, expr, expr);
        }

        Assert.Throws<EngineWriteException>(() => ExprCodec.Write(new StructureWriter(new()), expr));
        // x + x, then 59 times: the last one + the last one (kinds: 3 binary, 0 operand, 6 earlier).
        List<byte> bytes = [.. Enumerable.Repeat<byte[]>([3, 0], 60).SelectMany(b => b), 0, 0, 0, 0];
        for (byte i = 0; i < 59; i++)
        {
            bytes.AddRange([6, i]);
        }

        Assert.Contains("operations", Assert.Throws<EngineFormatException>(() => ExprCodec.Read(Reader([.. bytes]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zeros_of_both_signs_are_different_expressions()
    {
        StructureWriter writer = new(new());
        Expr expr = ((Expr)0.0 * new OperandExpr(0)) + ((Expr)(-0.0) * new OperandExpr(0));
        ExprCodec.Write(writer, expr);
        Expr read = ExprCodec.Read(Reader(writer.Bytes.Content.ToArray()));
        Assert.Equal(expr, read);
        Assert.Equal("Add(Multiply(0, x0), Multiply(-0, x0))", read.ToString());
    }

    [Fact]
    public void Impossible_tensors_are_refused_without_spending_memory()
    {
        Refused([1, 0, 1, 1, 1, 2, 0]); // f32[1] over an empty blob
        Refused([1, 0, 1, 1, 1, 1, 0]); // f32[-1]
        Refused([1, 0, 1, 8, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0]); // 2³¹ − 1 strings of nothing
        Refused([1, 0, 1, 25, 2, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0]);
        Refused([1, 0, 1, 0, 0, 0]); // no element type
        Refused([0, 1, 1, 0, 0]); // a blob that is not there

        static void Refused(byte[] directory)
        {
            EngineContainerWriter writer = new();
            writer.Add(SectionId.Weights, SectionTraits.Bulk, ReadOnlyMemory<byte>.Empty);
            using EngineContainerReader container = EngineContainerReader.Open(writer.ToArray());
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<EngineFormatException>(() => TensorTable.Read(new(directory, "test"), container.Require(SectionId.Weights), []));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        }
    }

    [Fact]
    public void Tensors_stand_only_in_packed_weights_of_their_kind()
    {
        WeightForm form = SampleEngines.GroupedForm;
        byte[] bytes = new byte[form.Bytes];
        Refused([0, 1, 1, 4, 12, 4, 2, 6, 0], new(0, "k", null, bytes)); // a copy
        Refused([0, 1, 1, 4, 12, 4, 2, 8, 0], new(0, "k", form, bytes)); // f32[6,2,1,4]
        Refused([0, 1, 6, 4, 12, 4, 2, 6, 0], new(0, "k", form, bytes)); // no floats
        Refused([0, 1, 1, 4, 12, 4, 2, 6, 0], new(0, "k", form, bytes.AsMemory(4)));
        Refused([0, 1, 1, 4, 12, 4, 2, 6, 0], new(0, "k", form with { PerRow = 2, Rows = 2 }, bytes));
        Refused([0, 1, 1, 4, 12, 4, 2, 6, 1], new(0, "k", form, bytes)); // a packed weight that is not there
        Tensor tensor = Assert.Single(Read([0, 1, 1, 4, 12, 4, 2, 6, 0], new(0, "k", form, bytes)));
        Assert.Equal([6, 2, 1, 3], tensor.Dims);

        static void Refused(byte[] directory, PackedWeight packed) => Assert.Throws<EngineFormatException>(() => Read(directory, packed));

        static Tensor[] Read(byte[] directory, PackedWeight packed)
        {
            EngineContainerWriter writer = new();
            writer.Add(SectionId.Weights, SectionTraits.Bulk, ReadOnlyMemory<byte>.Empty);
            using EngineContainerReader container = EngineContainerReader.Open(writer.ToArray());
            return TensorTable.Read(new(directory, "test"), container.Require(SectionId.Weights), [packed]);
        }
    }

    private static StructureReader Reader(byte[] bytes) => new(new(bytes, "test"), new(OperatorCatalog.Standard));

    private static Dim RandomDim(Random random, int depth)
    {
        if (depth == 0 || random.Next(5) == 0)
        {
            return random.Next(2) == 0 ? random.Next(-5, 20) : Dim.Symbol(((string[])["N", "height", "it's", "0", ""])[random.Next(5)]);
        }

        Dim left = RandomDim(random, depth - 1), right = RandomDim(random, depth - 1);
        return random.Next(7) switch
        {
            0 => left - right,
            1 => left * right,
            2 => Dim.FloorDiv(left, right == Dim.Zero ? 3 : right),
            3 => Dim.Min(left, right),
            4 => Dim.Max(left, right),
            5 => Dim.Broadcast(left, right) ?? left,
            _ => left + right,
        };
    }
}
