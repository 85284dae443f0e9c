using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Kernels;

public sealed class KernelRequestTests
{
    [Fact]
    public void Requests_that_are_made_alike_are_equal()
    {
        Assert.Equal(Sample(64), Sample(64));
        Assert.Equal(Sample(64).GetHashCode(), Sample(64).GetHashCode());
        Assert.NotEqual(Sample(64), Sample(65));
        Assert.NotEqual(Sample(64).Fingerprint, Sample(65).Fingerprint);
    }

    [Fact]
    public void Everything_that_steers_the_computation_is_in_the_fingerprint()
    {
        KernelRequest sample = Sample(64);
        KernelOperand first = sample.Inputs[0];
        KernelRequest[] variants =
        [
            sample,
            sample with { Anchor = null },
            sample with { Anchor = new Relu() },
            sample with { Epilogue = null },
            sample with { Epilogue = -new OperandExpr(0) },
            WithFirst(first with { Type = DataType.BFloat16 }),
            WithFirst(first with { Role = OperandRole.Weight }),
            WithFirst(first with { Layout = Layout.ChannelsLast(2) }),
            WithFirst(first with { Dims = [new(1, 64, 1), KernelDim.Static(4)] }),
            WithFirst(first with { Dims = [new(0, long.MaxValue, 8), KernelDim.Static(4)] }),
            sample with { Inputs = [first, sample.Inputs[1] with { Contents = Tensor.Vector(3L) }] },
        ];
        Assert.Equal(variants.Length, variants.Select(v => v.Fingerprint).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(variants.Length, variants.Distinct().Count());

        KernelRequest WithFirst(KernelOperand operand) => sample with { Inputs = [operand, sample.Inputs[1]] };
    }

    /// <summary>Timing caches are keyed by it: a change of the text makes every cache worthless, so it must be meant.</summary>
    [Fact]
    public void The_fingerprint_is_stable()
    {
        Assert.Equal("Add(f32[0..64/8,4], s64[1] parameter 0200000000000000) -> f32[0..64/8,4] then Max(x0, 0)", Sample(64).ToString());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Sample(64).ToString()))), Sample(64).Fingerprint);
    }

    private static KernelRequest Sample(long max)
    {
        KernelOperand rows = new(OperandRole.Activation, DataType.Float32, Layout.RowMajor, [new(0, max, 8), KernelDim.Static(4)]);
        KernelOperand axis = new(OperandRole.Parameter, DataType.Int64, Layout.RowMajor, [KernelDim.Static(1)], Tensor.Vector(2L));
        return new(new Add(), [rows, axis], [rows], Expr.Max(new OperandExpr(0), 0));
    }
}
