using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Compiler.Tests;

public sealed class KernelCaseTests
{
    [Theory]
    [InlineData("conv f32 n=1 c=64 h=56 w=56 oc=64 k=3 pad=1 +relu", 231211008, "Conv{dilations=[1,1], kernel_shape=[3,3], pads=[1,1,1,1], strides=[1,1]}(f32[1,64,56,56], f32[64,64,3,3] weight, f32[64] weight) -> f32[1,64,56,56] then Max(x0, 0)")]
    [InlineData("conv f32 c=8 h=5 w=6 oc=4 k=1 bias=0 +residual", 1920, "Conv{dilations=[1,1], kernel_shape=[1,1], pads=[0,0,0,0], strides=[1,1]}(f32[1,8,5,6], f32[4,8,1,1] weight, f32[1,4,5,6]) -> f32[1,4,5,6] then Add(x0, x1)")]
    [InlineData("gemm f32 m=2 n=3 k=4", 48, "Gemm(f32[2,4], f32[4,3] weight) -> f32[2,3]")]
    [InlineData("matmul f32 batch=2 m=3 n=5 k=7 +relu", 420, "MatMul(f32[2,3,7], f32[2,7,5]) -> f32[2,3,5] then Max(x0, 0)")]
    [InlineData("pointwise f32 c=2 h=3 w=4 +relu", 0, "Pointwise(f32[1,2,3,4]) -> f32[1,2,3,4] then Max(x0, 0)")]
    public void A_line_becomes_a_request(string text, double operations, string request)
    {
        KernelCase kernel = KernelCase.Parse(text);
        Assert.Equal(request, kernel.Request.ToString());
        Assert.Equal(operations, kernel.Operations);
    }

    [Fact]
    public void Every_epilogue_fuses()
    {
        foreach (string name in "residual bias scale relu relu6 leakyrelu sigmoid hardsigmoid tanh silu hardswish gelu".Split(' '))
        {
            Assert.IsType<Region>(KernelCase.Parse($"conv f32 c=4 h=4 oc=4 k=1 +{name}").Oracle);
        }
    }

    [Fact]
    public void Activations_get_the_layouts_of_the_backend()
    {
        KernelCase kernel = KernelCase.Parse("conv f32 c=4 h=4 oc=4 k=1", (_, dims) => Layout.ChannelsLast(dims.Count));
        Assert.Equal(Layout.ChannelsLast(4), kernel.Request.Inputs[0].Layout);
        Assert.True(kernel.Request.Inputs[1].Layout.IsRowMajor);
        Assert.Equal(Layout.ChannelsLast(4), kernel.Request.Outputs[0].Layout);
    }

    [Theory]
    [InlineData("", "is no kernel")]
    [InlineData("conv", "is no kernel")]
    [InlineData("pool f32 c=1", "there are conv")]
    [InlineData("conv s8 c=1", "is no element type")]
    [InlineData("conv f32 c=1 h=2", "needs k=NUMBER")]
    [InlineData("conv f32 c=1 h=2 k=1 k=1", "given twice")]
    [InlineData("conv f32 c=0 h=2 k=1", "c must be 1 or more")]
    [InlineData("conv f32 c=1 h=2 k=1 q=1", "knows no q")]
    [InlineData("conv f32 c=1 h=2 k=x", "NAME=NUMBER")]
    [InlineData("conv f32 c=3 h=2 k=1 group=2", "no multiple")]
    [InlineData("conv f32 c=99999999999 h=2 k=1", "NAME=NUMBER")]
    [InlineData("gemm f32 m=1 n=1 k=1 +frob", "+frob is not known")]
    [InlineData("pointwise f32 c=1 h=1", "add +relu")]
    public void Mistakes_are_explained(string text, string part) => Assert.Contains(part, Assert.Throws<FormatException>(() => KernelCase.Parse(text)).Message, StringComparison.Ordinal);
}
