using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>How a tile of m×m results is computed: one transform along each axis. Points and matrices are numbered row by row.</summary>
/// <param name="Size">m.</param>
internal sealed record WinogradTile(int Size, int VerticalStride, int HorizontalStride)
{
    public WinogradTransform Vertical { get; } = WinogradTransform.Of(Size, VerticalStride);

    public WinogradTransform Horizontal { get; } = WinogradTransform.Of(Size, HorizontalStride);

    /// <summary>Tile and points along both axes.</summary>
    public string Name => Vertical == Horizontal ? Vertical.Name : $"{Vertical.Name} and {Horizontal.Name}";

    /// <summary>Products per tile: the elements of a transformed patch.</summary>
    public int Products => Vertical.Points * Horizontal.Points;

    /// <summary>Matrices of transformed weights: products whose transformed taps are the same share one.</summary>
    public int Matrices => Vertical.KernelMatrix.GetLength(0) * Horizontal.KernelMatrix.GetLength(0);

    public static WinogradTile Of(PatchProblem problem, int size) => new(size, problem.Vertical.Stride, problem.Horizontal.Stride);

    /// <summary>The matrix that a product multiplies by.</summary>
    public int MatrixOf(int product) =>
        (Vertical.KernelOf(product / Horizontal.Points) * Horizontal.KernelMatrix.GetLength(0)) + Horizontal.KernelOf(product % Horizontal.Points);

    public override string ToString() => $"{Size}x{Size}" + (VerticalStride * HorizontalStride > 1 ? $"-stride-{VerticalStride}x{HorizontalStride}" : "");
}
