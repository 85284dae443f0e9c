using Peregrine.Compiler.Fusions;
using Peregrine.Ir;
using Peregrine.Rewriting;
using Peregrine.Text;

namespace Peregrine.Compiler.Tests.Fusions;

/// <summary>What only looks like a fusion's pattern stays as it is.</summary>
public sealed class DeclinedFusionTests
{
    private const string Statistics = "@f32[2]{1,2}, @f32[2]{3,4}, @f32[2]{5,6}, @f32[2]{0.5,1.5}";

    [Theory]
    // Another use of what is in between.
    [InlineData("FuseConvBatchNormalization", "graph(%x: f32[N,3,4]) { %c = Conv(%x, @f32[2,3,3]) %y = BatchNormalization(%c, " + Statistics + ") return %y, %c }")]
    [InlineData("FuseConvTransposeBatchNormalization", "graph(%x: f32[N,3,4]) { %c = ConvTranspose(%x, @f32[3,2,3]) %y = BatchNormalization(%c, " + Statistics + ") return %y, %c }")]
    [InlineData("FuseConvBias", "graph(%x: f32[N,3,4]) { %c = Conv(%x, @f32[2,3,3]) %y = Add(%c, @f32[2,1]) return %y, %c }")]
    [InlineData("FuseMatMulBias", "graph(%x: f32[N,3]) { %c = MatMul(%x, @f32[3,2]) %y = Add(%c, @f32[2]) return %y, %c }")]
    [InlineData("FuseSwish", "graph(%x: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%x, %s) return %y, %s }")]
    [InlineData("MergeConstantFactors", "graph(%x: f32[N,3]) { %a = Mul(%x, @f32[]{2}) %y = Mul(%a, @f32[]{3}) return %y, %a }")]
    [InlineData("PushTransposeThroughPointwise", "graph(%x: f32[N,3]) { %t = Transpose(%x) %y = Relu(%t) return %y, %t }")]
    [InlineData("PushTransposeThroughSlice", "graph(%x: f32[N,3]) { %t = Transpose(%x) %y = Slice(%t, @s64[1]{0}, @s64[1]{1}) return %y, %t }")]
    [InlineData("PushTransposeThroughReduction", "graph(%x: f32[N,3]) { %t = Transpose(%x) %y = ReduceMax(%t, @s64[1]{0}) return %y, %t }")]
    [InlineData("CancelTransposesAroundSplit", "graph(%x: f32[N,4]) { %t = Transpose(%x) %a, %b = Split(%t) {axis=0} %y = Transpose(%a) return %y, %b }")]
    // Statistics or weights that are not constant.
    [InlineData("FuseConvBatchNormalization", "graph(%x: f32[N,3,4], %v: f32[2]) { %c = Conv(%x, @f32[2,3,3]) %y = BatchNormalization(%c, @f32[2], @f32[2], @f32[2], %v) return %y }")]
    [InlineData("FuseConvBatchNormalization", "graph(%x: f32[N,3,4], %w: f32[2,3,3]) { %c = Conv(%x, %w) %y = BatchNormalization(%c, " + Statistics + ") return %y }")]
    [InlineData("ExpandBatchNormalization", "graph(%x: f32[N,2,4], %v: f32[2]) { %y = BatchNormalization(%x, @f32[2], @f32[2], @f32[2], %v) return %y }")]
    // Shapes that inference could not check: the model is wrong, or may be.
    [InlineData("ExpandBatchNormalization", "graph(%x: f32[N,C,4]) { %y = BatchNormalization(%x, @f32[2], @f32[3], @f32[2], @f32[2]) return %y }")]
    [InlineData("FuseConvBatchNormalization", "graph(%x: f32[*]) { %c = Conv(%x, @f32[2,3,3]) %y = BatchNormalization(%c, @f32[3], @f32[3], @f32[3], @f32[3]) return %y }")]
    [InlineData("FuseConvTransposeBatchNormalization", "graph(%x: f32[*]) { %c = ConvTranspose(%x, @f32[]) %y = BatchNormalization(%c, @f32[3], @f32[3], @f32[3], @f32[3]) return %y }")]
    [InlineData("FusePadConv", "graph(%x: f32[N,3,4], %w: f32[*]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}) %y = Conv(%p, %w) {pads=[1]} return %y }")]
    // The statistics of the batch.
    [InlineData("FuseConvBatchNormalization", "graph(%x: f32[N,3,4]) { %c = Conv(%x, @f32[2,3,3]) %y = BatchNormalization(%c, " + Statistics + ") {training_mode=1} return %y }")]
    [InlineData("ExpandBatchNormalization", "graph(%x: f32[N,2,4]) { %y = BatchNormalization(%x, " + Statistics + ") {training_mode=1} return %y }")]
    // Channels of a batched product are rows, a bias per row is none.
    [InlineData("FuseMatMulBatchNormalization", "graph(%x: f32[N,2,3]) { %c = MatMul(%x, @f32[3,5]) %y = BatchNormalization(%c, " + Statistics + ") return %y }")]
    [InlineData("FuseGemmBatchNormalization", "graph(%x: f32[3,3]) { %c = Gemm(%x, @f32[3,2], @f32[3,1]) %y = BatchNormalization(%c, " + Statistics + ") return %y }")]
    [InlineData("FuseMatMulBias", "graph(%x: f32[N,2,3]) { %c = MatMul(%x, @f32[3,2]) %y = Add(%c, @f32[2]) return %y }")]
    [InlineData("FuseMatMulBias", "graph(%x: f32[2,3]) { %c = MatMul(%x, @f32[3,2]) %y = Add(%c, @f32[2,1]) return %y }")]
    [InlineData("FuseMatMulBias", "graph(%x: f32[2,3]) { %c = MatMul(%x, @f32[3,2]) %y = Add(%c, @f32[1,1,2]) return %y }")]
    [InlineData("FuseMatMulBias", "graph(%x: f32[2,3]) { %c = MatMul(%x, @f32[3,1]) %y = Add(%c, @f32[2]) return %y }")]
    [InlineData("FuseGemmBias", "graph(%x: f32[N,3]) { %c = Gemm(%x, @f32[3,2], @f32[2]) %y = Add(%c, @f32[2]) return %y }")]
    // A constant that varies elsewhere, or widens the result.
    [InlineData("FuseConvBias", "graph(%x: f32[N,3,4]) { %c = Conv(%x, @f32[2,3,3]) %y = Add(%c, @f32[2]) return %y }")]
    [InlineData("FuseConvBias", "graph(%x: f32[1,3,4]) { %c = Conv(%x, @f32[2,3,3]) %y = Add(%c, @f32[5,2,1]) return %y }")]
    [InlineData("FuseConvScale", "graph(%x: f32[N,3,3]) { %c = Conv(%x, @f32[1,3,3]) %y = Mul(%c, @f32[2,1]) return %y }")]
    // Padding that the window cannot do.
    [InlineData("FusePadConv", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}, @f32[]{1}) %y = Conv(%p, @f32[2,3,3]) return %y }")]
    [InlineData("FusePadConv", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,1,1,0,0,1}) %y = Conv(%p, @f32[2,4,3]) return %y }")]
    [InlineData("FusePadConv", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,-1,0,0,1}) %y = Conv(%p, @f32[2,3,3]) return %y }")]
    [InlineData("FusePadConv", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}) {mode=\"reflect\"} %y = Conv(%p, @f32[2,3,3]) return %y }")]
    [InlineData("FusePadConv", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}) %y = Conv(%p, @f32[2,3,3]) {auto_pad=\"SAME_UPPER\"} return %y }")]
    [InlineData("FusePadMaxPool", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}) %y = MaxPool(%p) {kernel_shape=[3]} return %y }")]
    [InlineData("FusePadMaxPool", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,3,0,0,1}, @f32[]{-inf}) %y = MaxPool(%p) {kernel_shape=[3]} return %y }")]
    [InlineData("FusePadMaxPool", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}, @f32[]{-inf}) %y, %i = MaxPool(%p) {kernel_shape=[3]} return %y, %i }")]
    [InlineData("FusePadAveragePool", "graph(%x: f32[N,3,4]) { %p = Pad(%x, @s64[6]{0,0,1,0,0,1}) %y = AveragePool(%p) {kernel_shape=[3], pads=[1,0]} return %y }")]
    // Another function: constants, axes, operands.
    [InlineData("FuseGelu", "graph(%x: f32[N,3]) { %d = Div(%x, @f32[]{1.42}) %e = Erf(%d) %g = Add(%e, @f32[]{1}) %h = Mul(%x, @f32[]{0.5}) %y = Mul(%h, %g) return %y }")]
    [InlineData("FuseGelu", "graph(%x: f32[N,3], %z: f32[N,3]) { %d = Div(%x, @f32[]{1.4142135}) %e = Erf(%d) %g = Add(%e, @f32[]{1}) %h = Mul(%z, @f32[]{0.5}) %y = Mul(%h, %g) return %y }")]
    [InlineData("FuseTanhGelu", "graph(%x: f32[N,3]) { %p = Pow(%x, @f32[]{2}) %c = Mul(%p, @f32[]{0.044715}) %a = Add(%x, %c) %m = Mul(%a, @f32[]{0.7978846}) %t = Tanh(%m) %g = Add(%t, @f32[]{1}) %h = Mul(%x, @f32[]{0.5}) %y = Mul(%h, %g) return %y }")]
    [InlineData("FuseHardSigmoid", "graph(%x: f32[N,3]) { %a = Add(%x, @f32[]{3}) %c = Clip(%a, @f32[]{0}, @f32[]{5}) %y = Div(%c, @f32[]{6}) return %y }")]
    [InlineData("FuseHardSwish", "graph(%x: f32[N,3]) { %s = HardSigmoid(%x) %y = Mul(%s, %x) return %y }")]
    [InlineData("FuseSwish", "graph(%x: f32[N,3], %z: f32[N,3]) { %s = Sigmoid(%x) %y = Mul(%z, %s) return %y }")]
    [InlineData("FuseSoftmax", "graph(%x: f32[N,3,4]) { %m = ReduceMax(%x, @s64[1]{1}) %d = Sub(%x, %m) %e = Exp(%d) %s = ReduceSum(%e, @s64[1]{2}) %y = Div(%e, %s) return %y }")]
    [InlineData("FuseLayerNormalization", "graph(%x: f32[N,M,6]) { %m = ReduceMean(%x, @s64[1]{1}) %d = Sub(%x, %m) %q = Mul(%d, %d) %v = ReduceMean(%q, @s64[1]{1}) %e = Add(%v, @f32[]{1e-5}) %s = Sqrt(%e) %y = Div(%d, %s) return %y }")]
    [InlineData("FuseLayerNormalization", "graph(%x: f32[N,5,6]) { %m = ReduceMean(%x, @s64[1]{2}) %d = Sub(%x, %m) %q = Mul(%d, %d) %v = ReduceMean(%q, @s64[2]{1,2}) %e = Add(%v, @f32[]{1e-5}) %s = Sqrt(%e) %y = Div(%d, %s) return %y }")]
    [InlineData("FuseRMSNormalization", "graph(%x: f32[N,M,6]) { %q = Mul(%x, %x) %v = ReduceMean(%q, @s64[1]{0}) %e = Add(%v, @f32[]{1e-5}) %s = Sqrt(%e) %y = Div(%x, %s) return %y }")]
    [InlineData("FuseNormalizationScale", "graph(%x: f32[N,3,6]) { %n = LayerNormalization(%x, @f32[6]{1,1,1,1,1,1}) %y = Mul(%n, @f32[3,6]) return %y }")]
    [InlineData("FuseNormalizationScale", "graph(%x: f32[N,3,6]) { %n = LayerNormalization(%x, @f32[6]{1,1,1,2,1,1}) %y = Mul(%n, @f32[6]) return %y }")]
    [InlineData("FuseNormalizationBias", "graph(%x: f32[N,3,6]) { %n = LayerNormalization(%x, @f32[6], @f32[6]) %y = Add(%n, @f32[6]) return %y }")]
    // Rounding by a large number must go on rounding; what overflows must go on overflowing.
    [InlineData("MergeConstantAddends", "graph(%x: f32[N]) { %a = Add(%x, @f32[]{8388608}) %y = Add(%a, @f32[]{-8388608}) return %y }")]
    [InlineData("MergeConstantFactors", "graph(%x: f32[N]) { %a = Mul(%x, @f32[]{1e30}) %y = Mul(%a, @f32[]{1e20}) return %y }")]
    [InlineData("MergeConstantFactors", "graph(%x: s32[N]) { %a = Div(%x, @s32[]{2}) %y = Mul(%a, @s32[]{2}) return %y }")]
    [InlineData("MergeConstantDivisors", "graph(%x: f32[N]) { %a = Div(%x, @f32[]{2}) %y = Div(%a, @f32[]{0}) return %y }")]
    [InlineData("SquareOfPow", "graph(%x: f32[N]) { %y = Pow(%x, @f32[1,1]{2}) return %y }")]
    [InlineData("RootOfPow", "graph(%x: f32[N]) { %y = Pow(%x, @f32[]{0.5}) return %y }")]
    [InlineData("MergeClips", "graph(%x: f32[N]) { %c = Clip(%x, @f32[]{1}, @f32[]{2}) %y = Clip(%c, @f32[]{3}, @f32[]{4}) return %y }")]
    [InlineData("MergeClips", "graph(%x: f32[N], %h: f32[]) { %c = Relu(%x) %y = Clip(%c, _, %h) return %y }")]
    [InlineData("MergeReluIntoClip", "graph(%x: f32[N]) { %c = Clip(%x, _, @f32[]{-1}) %y = Relu(%c) return %y }")]
    // Transposes that nothing is gained by moving, or that differ.
    [InlineData("PushTransposeThroughPointwise", "graph(%x: f32[N,3], %z: f32[3,N]) { %t = Transpose(%x) %y = Add(%t, %z) return %y }")]
    [InlineData("PushTransposeThroughPointwise", "graph(%x: f32[2,2,2], %z: f32[2,2,2]) { %t = Transpose(%x) {perm=[2,0,1]} %u = Transpose(%z) {perm=[1,2,0]} %y = Add(%t, %u) return %y }")]
    [InlineData("PushTransposeThroughPointwise", "graph(%x: f32[2,3]) { %t = Transpose(%x) %y = Add(%t, @f32[4,3,2]) return %y }")]
    [InlineData("PushTransposesThroughConcat", "graph(%x: f32[3,3], %z: f32[3,3]) { %t = Transpose(%x) %y = Concat(%t, %z) {axis=0} return %y }")]
    [InlineData("FuseTransposeMatMul", "graph(%x: f32[2,3,4], %z: f32[2,5,4]) { %t = Transpose(%z) {perm=[0,2,1]} %y = MatMul(%x, %t) return %y }")]
    public void A_rule_declines(string rule, string text)
    {
        Graph graph = GraphParser.Parse(text);
        Rewrite rewrite = RecognitionRewrites.All.Concat(FusionRewrites.All).Concat(KernelRewrites.All).Single(r => r.Name == rule);
        PassContext context = new();
        new Rewriter(rule, [rewrite]).Run(graph, context);
        Assert.Equal(0, context.Statistics[rule].Applied);
        Assert.Equal(GraphPrinter.Print(GraphParser.Parse(text)), GraphPrinter.Print(graph));
    }
}
