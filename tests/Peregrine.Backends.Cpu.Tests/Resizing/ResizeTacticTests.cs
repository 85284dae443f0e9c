using Peregrine.Backends.Cpu.Resizing;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Resizing;

public sealed class ResizeTacticTests
{
    private static readonly ResizeTactic Tactic = new();

    [Fact]
    public void Nearest_takes_the_same_elements_as_the_reference()
    {
        foreach (CoordinateTransformation mode in Enum.GetValues<CoordinateTransformation>().Where(m => m != CoordinateTransformation.TfCropAndResize))
        {
            foreach (NearestRounding rounding in Enum.GetValues<NearestRounding>())
            {
                Resize resize = new(CoordinateMode: mode, Rounding: rounding);
                Scaled(resize, TestTensors.Bits(DataType.Float32, 2, 20, 5, 11), 1, 1, 2.6f, 0.7f);
            }
        }
    }

    [Theory]
    [InlineData(DataType.Float32)]
    [InlineData(DataType.UInt8)]
    [InlineData(DataType.Float16)]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.Complex128)]
    public void Nearest_moves_any_type(DataType type)
    {
        Resize resize = new(CoordinateMode: CoordinateTransformation.Asymmetric, Rounding: NearestRounding.Floor);
        Scaled(resize, TestTensors.Bits(type, 1, 13, 7, 19), 1, 1, 2, 2);
        Scaled(resize, TestTensors.Bits(type, 1, 13, 40, 50), 1, 1, 2, 2);
        Scaled(resize, TestTensors.Bits(type, 2, 3, 9), 1, 1, 3);
        Scaled(resize, TestTensors.Bits(type, 2, 3, 4, 5, 6), 1, 1, 2, 1.5f, 0.5f);
        Scaled(resize, TestTensors.Bits(type, 3, 4), 2, 1);
    }

    [Theory]
    [InlineData(ResizeMode.Linear)]
    [InlineData(ResizeMode.Cubic)]
    public void Interpolation_agrees_with_the_reference(ResizeMode mode)
    {
        foreach (CoordinateTransformation coordinates in Enum.GetValues<CoordinateTransformation>().Where(m => m != CoordinateTransformation.TfCropAndResize))
        {
            Resize resize = new(CoordinateMode: coordinates, Mode: mode);
            Scaled(resize, TestTensors.Floats(2, 21, 5, 11), 1, 1, 2.6f, 0.7f);
            Scaled(resize, TestTensors.Floats(1, 3, 17, 16), 1, 1, 2, 2);
            Scaled(resize, TestTensors.Floats(1, 40, 1, 9), 1, 1, 3, 1);
        }

        Scaled(new(Mode: mode, ExcludeOutside: true), TestTensors.Floats(1, 5, 6, 4, 3), 1, 1, 2, 1, 3);
        Scaled(new(Mode: mode), TestTensors.Floats(3, 2, 6, 5), 2, 1, 2, 1);
        Scaled(new(Mode: mode), TestTensors.Floats(1, 1, 2, 9000), 1, 1, 2, 1.5f);
        Scaled(new(Mode: mode), TestTensors.Floats(40), 1.7f);
    }

    [Fact]
    public void Infinite_neighbours_without_weight_do_not_count()
    {
        Scaled(new(Mode: ResizeMode.Linear, CoordinateMode: CoordinateTransformation.AlignCorners), TestTensors.WildFloats(1, 20, 5, 5), 1, 1, 2, 2);
        Scaled(new(Mode: ResizeMode.Linear, CoordinateMode: CoordinateTransformation.Asymmetric), TestTensors.WildFloats(1, 20, 5, 5), 1, 1, 2, 2);
    }

    [Fact]
    public void Sizes_and_axes_decide_as_well()
    {
        foreach (ResizeMode mode in Enum.GetValues<ResizeMode>())
        {
            foreach (AspectRatioPolicy policy in Enum.GetValues<AspectRatioPolicy>())
            {
                Check(new(Axes: [2, 3], Mode: mode, Policy: policy), [TestTensors.Floats(1, 9, 6, 8), null, null, TestTensors.Longs(9, 13)]);
            }
        }

        Check(new(), [TestTensors.Floats(1, 9, 0, 8), null, Tensor.Vector(1f, 1, 2, 2)]);
    }

    [Fact]
    public void Nothing_cannot_be_enlarged()
    {
        TacticHarness harness = new TacticHarness(new Resize(), [TestTensors.Floats(1, 2, 3, 4), null, null, TestTensors.Longs(1, 2, 5, 6)]).With(0, TestTensors.Floats(1, 2, 0, 4));
        Assert.Equal("PG2305", Assert.Throws<ModelException>(() => harness.Run(Tactic, 1)).Diagnostics[0].Code);
    }

    [Fact]
    public void What_it_cannot_do_is_declined()
    {
        Tensor x = TestTensors.Floats(1, 2, 4, 4), scales = Tensor.Vector(1f, 1, 0.5f, 0.5f);
        Assert.NotNull(new TacticHarness(new Resize(Antialias: true, Mode: ResizeMode.Linear), [x, null, scales]).Decline(Tactic));
        Assert.NotNull(new TacticHarness(new Resize(Mode: ResizeMode.Linear), [TestTensors.Bits(DataType.UInt8, 1, 2, 4, 4), null, scales]) { Constants = [2] }.Decline(Tactic));
        Assert.NotNull(new TacticHarness(new Resize(Mode: ResizeMode.Linear), [x, null, scales]).Decline(Tactic));
    }

    private static void Scaled(Resize resize, Tensor x, params float[] scales) => Check(resize, [x, null, Tensor.Vector(scales)]);

    private static void Check(Resize resize, Tensor?[] inputs)
    {
        bool isExact = resize.Mode == ResizeMode.Nearest;
        TacticHarness Harness(bool isStatic) => new(resize, inputs) { Constants = [2, 3], IsBitwise = isExact, IsStatic = isStatic, Tolerance = isExact ? Tolerance.Exact : new(2e-6, 2e-6) };
        Harness(true).Check(Tactic);
        if (inputs[0]!.Rank is >= 3 and <= 5)
        {
            Harness(false).ChannelsLast().Check(Tactic);
            Harness(true).ChannelsLast(inputs[0]!.Dims[1] + 3).Check(Tactic);
        }
    }
}
