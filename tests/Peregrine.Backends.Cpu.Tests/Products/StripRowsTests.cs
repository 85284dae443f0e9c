using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Tests.Products;

/// <summary>Strips cover the rows in order, none higher than allowed, and none across the middle.</summary>
public sealed class StripRowsTests
{
    [Fact]
    public void Strips_cover_the_rows_in_order()
    {
        for (int rows = 1; rows <= 70; rows++)
        {
            for (int most = 1; most <= 9; most++)
            {
                foreach (bool inHalves in (bool[])[false, true])
                {
                    StripRows strips = new(rows, most, inHalves);
                    long next = 0;
                    for (int strip = 0; strip < strips.Count; strip++)
                    {
                        (long start, int size) = strips[strip];
                        Assert.Equal(next, start);
                        Assert.InRange(size, 1, most);
                        for (long row = start; row < start + size; row++)
                        {
                            Assert.Equal(strip, strips.Of(row));
                        }

                        next = start + size;
                    }

                    Assert.Equal(rows, next);
                    Assert.InRange(strips.Count, (rows + most - 1) / most, ((rows + most - 1) / most) + (inHalves ? 1 : 0));
                    if (inHalves && strips.Count > 1)
                    {
                        Assert.Contains(Enumerable.Range(0, strips.Count), strip => strips[strip].Start == (rows + 1) / 2);
                    }
                }
            }
        }
    }
}
