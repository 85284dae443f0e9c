using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The sampling grid of an affine map: theta [N, 2, 3] with size [N, C, H, W] gives [N, H, W, 2] (x, y); theta [N, 3, 4] with [N, C, D, H, W] gives [N, D, H, W, 3] (x, y, z).</summary>
public sealed record AffineGrid(bool AlignCorners = false) : Operator
{
    public static readonly Schema<AffineGrid> Schema = new Schema<AffineGrid>("AffineGrid", since: 20, a => new(a.Flag("align_corners")))
        .Inputs("theta", "size").Outputs("grid").Flag("align_corners", o => o.AlignCorners, false);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, DataType.Int64))
        {
            return;
        }

        if (c.ValueOf(1) is not { } size)
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        int rank = size.Count - 2;
        if (rank is not (2 or 3) || (c.IsRanked(0) && (c.Shape(0).Rank != 3 || Dim.ProvablyDifferent(c.Shape(0)[0], size[0]) || Dim.ProvablyDifferent(c.Shape(0)[1], rank) || Dim.ProvablyDifferent(c.Shape(0)[2], rank + 1))))
        {
            c.Error("PG2313", $"size must have 4 or 5 elements and theta the shape [N,2,3] or [N,3,4] to match, but size has {size.Count} elements and theta the shape {c.Shape(0)}.");
            return;
        }

        c.Set(0, type, Symbolics.Shape.From([size[0], .. size.Skip(2), rank]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> theta = c.Read<double>(0);
        ReadOnlySpan<long> dims = c.Output(0).Dims;
        Span<double> grid = c.Write<double>(0);
        int rank = dims.Length - 2, at = 0;
        Span<double> place = stackalloc double[3];
        for (int point = 0; at < grid.Length; point++)
        {
            long rest = point;
            for (int axis = rank; axis > 0; axis--)
            {
                (rest, long coordinate) = Math.DivRem(rest, dims[axis]);
                double extent = dims[axis];
                // The last spatial axis is x, the first entry of a grid point.
                place[rank - axis] = !AlignCorners ? (((2 * coordinate) + 1) / extent) - 1 : extent == 1 ? 0 : (2 * coordinate / (extent - 1)) - 1;
            }

            ReadOnlySpan<double> map = theta.Slice((int)rest * rank * (rank + 1), rank * (rank + 1));
            for (int row = 0; row < rank; row++)
            {
                double sum = map[(row * (rank + 1)) + rank];
                for (int column = 0; column < rank; column++)
                {
                    sum += map[(row * (rank + 1)) + column] * place[column];
                }

                grid[at++] = sum;
            }
        }
    }
}
