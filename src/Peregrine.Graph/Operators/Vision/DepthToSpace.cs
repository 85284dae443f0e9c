using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>How DepthToSpace splits the channels: which factor is outermost.</summary>
public enum DepthOrder
{
    /// <summary>[block, block, channels].</summary>
    DepthColumnRow,
    /// <summary>[channels, block, block].</summary>
    ColumnRowDepth,
}

/// <summary>Moves blocks of channels into space: [N, C, H, W] → [N, C/b², H·b, W·b].</summary>
public sealed record DepthToSpace(long BlockSize, DepthOrder Mode = DepthOrder.DepthColumnRow) : Operator
{
    public static readonly Schema<DepthToSpace> Schema = new Schema<DepthToSpace>("DepthToSpace", since: 1, a => new(a.Int("blocksize"), a.Choice<DepthOrder>("mode")))
        .Inputs("input").Outputs("output")
        .Int("blocksize", o => o.BlockSize).Choice("mode", o => o.Mode, DepthOrder.DepthColumnRow, ("DCR", DepthOrder.DepthColumnRow), ("CRD", DepthOrder.ColumnRowDepth));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (SpaceToDepth.Check(c, BlockSize) is { } x)
        {
            Dim area = checked(BlockSize * BlockSize);
            if (x[1].IsConstant && Dim.Mod(x[1], area) != Dim.Zero)
            {
                c.Error("PG2310", $"the {x[1]} channels of {x} are no multiple of blocksize² ({area}).");
                return;
            }

            c.Set(0, c.ElementType(0), [x[0], Dim.FloorDiv(x[1], area), x[2] * BlockSize, x[3] * BlockSize]);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        int block = (int)BlockSize;
        ReadOnlySpan<long> dims = c.Output(0).Dims;
        int channels = (int)dims[1], height = (int)dims[2], width = (int)dims[3], at = 0;
        Span<int> indices = c.Scratch<int>(c.Output(0).Length);
        for (int plane = 0; plane < (int)dims[0] * channels; plane++)
        {
            (int image, int channel) = Math.DivRem(plane, channels);
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    int cell = (y % block * block) + (x % block);
                    int source = Mode == DepthOrder.DepthColumnRow ? (cell * channels) + channel : (channel * block * block) + cell;
                    indices[at++] = (((((image * channels * block * block) + source) * (height / block)) + (y / block)) * (width / block)) + (x / block);
                }
            }
        }

        ElementPicker.Pick(c.Input(0), c.Output(0), indices);
    }
}
