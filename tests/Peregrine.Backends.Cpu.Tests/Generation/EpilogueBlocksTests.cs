using System.Numerics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Generation;

public sealed unsafe class EpilogueBlocksTests
{
    private static readonly float[] Special = [0, -0f, 1, -1, 0.5f, 2, -2, 3, 2.5f, -2.5f, 6, -7, 20, -20, 100, -100, float.PositiveInfinity, float.NegativeInfinity, float.NaN];

    [Fact]
    public void Random_expressions_agree_with_the_reference()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            // Blocks know no bools in memory: the fourth operand is a number here.
            Expr e = Expr.Max(RandomExpr.Number(random, random.Next(1, 7)), new OperandExpr(0)).Replace(i => i == 3 ? Expr.Less(new OperandExpr(1), new OperandExpr(2)) : new OperandExpr(i));
            float[][] operands = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 203).Select(_ => random.Next(4) == 0 ? Special[random.Next(Special.Length)] : (float)((random.NextDouble() * 8) - 4)).ToArray())];
            EpilogueLoweringTests.Compare(e, operands, Run(e, operands));
        }
    }

    [Fact]
    public void Activations_agree_with_the_reference()
    {
        float[] x = [.. Enumerable.Range(-4000, 8001).Select(i => i / 200f), 88, -88, 104, -104, 1e5f, -1e5f, 1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        foreach (PointwiseOperator op in (PointwiseOperator[])
            [new Swish(), new HardSwish(), new Gelu(), new Gelu(GeluForm.Tanh), new Mish(), new Softplus(), new Elu(), new Selu(), new Celu(), new HardSigmoid(), new LeakyRelu(), new Softsign(), new Relu(), new Sigmoid(), new Tanh()])
        {
            Expr e = op.Body(new Operands([DataType.Float32]));
            EpilogueLoweringTests.Compare(e, [x], Run(e, [x]), 1e-6, 2e-7);
        }
    }

    [Fact]
    public void Truth_values_combine()
    {
        Expr x = new OperandExpr(0), y = new OperandExpr(1), nan = Expr.Apply(UnaryFunction.IsNaN, x), less = Expr.Less(x, y);
        float[] a = [.. Special.SelectMany(_ => Special)], b = [.. Special.SelectMany(s => Enumerable.Repeat(s, Special.Length))];
        foreach (BinaryFunction function in (BinaryFunction[])[BinaryFunction.And, BinaryFunction.Or, BinaryFunction.Xor, BinaryFunction.Equal])
        {
            Expr e = Expr.Select(Expr.Apply(function, Expr.Apply(UnaryFunction.Not, nan), less), 3, y);
            EpilogueLoweringTests.Compare(e, [a, b], Run(e, [a, b]));
        }
    }

    private static float[] Run(Expr e, float[][] operands)
    {
        EpilogueBlocks blocks = new(e);
        int lanes = Vector<float>.Count, length = lanes * EpilogueBlocks.Length;
        float[] result = new float[operands[0].Length], memory = GC.AllocateUninitializedArray<float>(blocks.SlotVectors * lanes, pinned: true);
        fixed (float* slots = memory)
        {
            for (int start = 0; start < result.Length; start += length)
            {
                int count = Math.Min(length, result.Length - start);
                foreach ((int slot, int operand) in blocks.Operands)
                {
                    operands[operand].AsSpan(start, count).CopyTo(memory.AsSpan(slot * length));
                }

                Vector<float>* at = blocks.Run((Vector<float>*)slots, (count + lanes - 1) / lanes);
                new ReadOnlySpan<float>(at, count).CopyTo(result.AsSpan(start));
            }
        }

        return result;
    }
}
