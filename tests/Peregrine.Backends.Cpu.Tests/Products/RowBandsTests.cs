using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Tests.Products;

/// <summary>Bands cover the rows in order, none higher than allowed, and none across the middle.</summary>
public sealed class RowBandsTests
{
    [Fact]
    public void Bands_cover_the_rows_in_order()
    {
        for (int rows = 1; rows <= 70; rows++)
        {
            for (int most = 1; most <= 9; most++)
            {
                foreach (bool inHalves in (bool[])[false, true])
                {
                    RowBands bands = new(rows, most, inHalves);
                    long next = 0;
                    for (int band = 0; band < bands.Count; band++)
                    {
                        (long start, int size) = bands[band];
                        Assert.Equal(next, start);
                        Assert.InRange(size, 1, most);
                        for (long row = start; row < start + size; row++)
                        {
                            Assert.Equal(band, bands.Of(row));
                        }

                        next = start + size;
                    }

                    Assert.Equal(rows, next);
                    Assert.InRange(bands.Count, (rows + most - 1) / most, ((rows + most - 1) / most) + (inHalves ? 1 : 0));
                    if (inHalves && bands.Count > 1)
                    {
                        Assert.Contains(Enumerable.Range(0, bands.Count), band => bands[band].Start == (rows + 1) / 2);
                    }
                }
            }
        }
    }
}
