using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>Moves blocks of space into channels: [N, C, H, W] → [N, C·b², H/b, W/b].</summary>
public sealed record SpaceToDepth(long BlockSize) : Operator
{
    public static readonly Schema<SpaceToDepth> Schema = new Schema<SpaceToDepth>("SpaceToDepth", since: 1, a => new(a.Int("blocksize")))
        .Inputs("input").Outputs("output").Int("blocksize", o => o.BlockSize);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (Check(c, BlockSize) is { } x)
        {
            if ((x[2].IsConstant && x[2].Constant % BlockSize != 0) || (x[3].IsConstant && x[3].Constant % BlockSize != 0))
            {
                c.Error("PG2310", $"height {x[2]} and width {x[3]} must be multiples of blocksize {BlockSize}.");
                return;
            }

            c.Set(0, c.ElementType(0), [x[0], x[1] * checked(BlockSize * BlockSize), Dim.FloorDiv(x[2], BlockSize), Dim.FloorDiv(x[3], BlockSize)]);
        }
    }

    /// <summary>The input's shape if it has rank 4 and the block size is possible; else null, with the output unranked or an error.</summary>
    internal static Shape? Check(InferenceScope c, long blockSize)
    {
        if (blockSize < 1)
        {
            c.Error("PG2310", $"blocksize is {blockSize}, but must be at least 1.");
            return null;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Symbolics.Shape.Unranked);
            return null;
        }

        if (c.Shape(0).Rank != 4)
        {
            c.Error("PG2310", $"the input {c.Shape(0)} must have rank 4: batch, channels, height, width.");
            return null;
        }

        return c.Shape(0);
    }

    public override void Evaluate(EvaluationScope c)
    {
        int block = (int)BlockSize;
        ReadOnlySpan<long> dims = c.Output(0).Dims;
        int channels = (int)dims[1] / (block * block), height = (int)dims[2], width = (int)dims[3], at = 0;
        Span<int> indices = c.Scratch<int>(c.Output(0).Length);
        for (int plane = 0; plane < (int)(dims[0] * dims[1]); plane++)
        {
            (int image, int depth) = Math.DivRem(plane, (int)dims[1]);
            (int cell, int channel) = Math.DivRem(depth, channels);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    indices[at++] = (((((image * channels) + channel) * height * block) + (y * block) + (cell / block)) * width * block) + (x * block) + (cell % block);
                }
            }
        }

        ElementPicker.Pick(c.Input(0), c.Output(0), indices);
    }
}
