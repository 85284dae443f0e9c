using System.Runtime.InteropServices;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tests.Format;

namespace Peregrine.Runtime.Tests.Kernels;

public sealed class WeightFormTests
{
    private static readonly WeightForm Sample = SampleEngines.GroupedForm;

    [Theory]
    [InlineData(1, 5, 3, 2, 3, 4, 2)]
    [InlineData(3, 7, 1, 1, 1, 16, 8)]
    [InlineData(2, 40, 2, 3, 1, 32, 16)]
    [InlineData(1, 1, 9, 1, 1, 1, 1)]
    public void What_was_packed_comes_back(int groups, int outputs, int channels, int rows, int columns, int width, int lanes)
    {
        int patch = channels * rows * columns;
        WeightForm convolution = new(groups, outputs, channels, rows, columns, outputs * patch, patch, rows * columns, columns, 1, width, lanes);
        WeightForm transposed = new(1, outputs, patch, 1, 1, 0, 1, outputs, 0, 0, width, lanes);
        foreach (WeightForm form in (WeightForm[])[convolution, transposed])
        {
            float[] weights = [.. Enumerable.Range(1, (int)form.Elements).Select(i => (float)i)], restored = new float[weights.Length];
            Assert.Null(form.WhyNot(weights.Length));
            byte[] packed = WeightForms.Pack(form, weights);
            Assert.Equal(packed.Length, form.Bytes);
            form.Unpack(packed, MemoryMarshal.AsBytes(restored.AsSpan()));
            Assert.Equal(weights, restored);
        }
    }

    [Fact]
    public void Forms_that_are_no_permutation_are_refused()
    {
        const long Elements = 36;
        Assert.Null(Sample.WhyNot(Elements));
        Assert.NotNull(Sample.WhyNot(Elements + 1));
        Assert.NotNull(Sample.WhyNot(-1));
        Assert.NotNull((Sample with { PerChannel = 1 }).WhyNot(Elements));
        Assert.NotNull((Sample with { PerGroup = 1L << 40 }).WhyNot(Elements));
        Assert.NotNull((Sample with { PerOutput = -6 }).WhyNot(Elements));
        Assert.NotNull((Sample with { Groups = 0 }).WhyNot(Elements));
        Assert.NotNull((Sample with { Lanes = 0 }).WhyNot(Elements));
        Assert.NotNull((Sample with { Width = 3 }).WhyNot(Elements));
        Assert.NotNull((Sample with { Width = 1 << 20 }).WhyNot(Elements));
        // Extents whose product no integer holds.
        Assert.NotNull(new WeightForm(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue, 1, 1, 1, 1, 1, 2, 1).WhyNot(Elements));
        Assert.NotNull(new WeightForm(int.MaxValue, int.MaxValue, int.MaxValue, 1, 1, 1, int.MaxValue, (long)int.MaxValue * int.MaxValue, 1, 1, 2, 1).WhyNot(long.MaxValue));
    }
}
