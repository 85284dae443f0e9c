using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tests.Format;

namespace Peregrine.Runtime.Tests.Planning;

public sealed class SlotTableTests
{
    [Fact]
    public void The_version_rises_with_every_change_and_only_then()
    {
        SlotTable table = new(SampleEngines.Full().Plan);
        using Block one = new(), other = new();
        Assert.False(table.IsBound(2));
        Assert.Contains("%y", Assert.Throws<InvalidOperationException>(() => table.Buffer(2)).Message, StringComparison.Ordinal);
        table.Bind(2, one, 64, [3, 4]);
        int version = table.Version(2);
        table.Bind(2, one, 64, [3, 4]);
        Assert.Equal(version, table.Version(2));
        table.Bind(2, one, 128, [3, 4]);
        Assert.Equal(version + 1, table.Version(2));
        table.Bind(2, one, 128, [2, 4]);
        Assert.Equal(version + 2, table.Version(2));
        table.Bind(2, other, 128, [2, 4]);
        Assert.Equal(version + 3, table.Version(2));
        Assert.Same(other, table.Buffer(2));
        Assert.Equal(128, table.Offset(2));
        Assert.Equal([2, 4], table.Dims(2).ToArray());
        Assert.Equal(0, table.Version(3));
    }

    [Fact]
    public void Shape_programs_evaluate_segment_by_segment()
    {
        ShapeProgram shapes = SampleEngines.Full().Plan.Shapes;
        Dictionary<string, long> symbols = new(StringComparer.Ordinal) { ["N"] = 5 };
        for (int slot = 0; slot < shapes.SlotDims.Count; slot++)
        {
            if (shapes.SlotSegments[slot] == 0)
            {
                shapes.Evaluate(slot, symbols);
            }
        }

        Assert.Equal([20], shapes.Evaluate(3, symbols)!);
        Assert.Null(shapes.Evaluate(5, symbols));
        Assert.Throws<KeyNotFoundException>(() => shapes.Evaluate(13, symbols));
        symbols["u0"] = 7;
        Assert.Equal([7], shapes.Evaluate(4, symbols)!);
        // floor((u0 + 2·N − 1) / 3)
        Assert.Equal([5], shapes.Evaluate(13, symbols)!);
    }

    private sealed class Block : DeviceBuffer
    {
        public override long Length => 1024;

        public override bool TryGetHostMemory(long offset, int length, out Memory<byte> memory)
        {
            memory = default;
            return false;
        }

        public override void Dispose()
        {
        }
    }
}
