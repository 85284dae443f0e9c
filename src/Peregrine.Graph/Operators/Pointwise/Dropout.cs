using System.Runtime.InteropServices;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The input, and a mask of true. Only with <c>training_mode</c> true elements are dropped at random (with probability <c>ratio</c>) and the others scaled by 1/(1 - ratio):
/// an element stays where the next number of <see cref="MersenneTwister"/> in [0, 1) is not below the ratio, as in the standard's test cases.
/// Opsets 1 to 11 had the ratio as an attribute and are taken as inference, whatever <c>is_test</c> says.
/// </summary>
/// <param name="Seed">The generator's seed; absent it is 0.</param>
public sealed record Dropout(long? Seed = null) : Operator, IRandomOperator
{
    private const float DefaultRatio = 0.5f;

    public static readonly Schema<Dropout> Schema = new Schema<Dropout>("Dropout", since: 12, a => new(a.OptionalInt("seed"))).Inputs("data", "ratio?", "training_mode?").Outputs("output", "mask?")
        .OptionalInt("seed", o => o.Seed)
        .Import(1, 9, WithNumericMask)
        .Import(10, 11, s => s.Default(("ratio", null)));

    float? IRandomOperator.Seed => Seed;

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.ElementType(0).IsFloat())
        {
            c.Error("PG2103", $"input 0 (data) is {c.TypeOf(0)}, but must be a tensor of floats.");
            return;
        }

        if ((c.Has(1) && !c.ElementType(1).IsFloat()) || (c.Has(2) && c.ElementType(2) != DataType.Bool))
        {
            c.Error("PG2103", "the ratio must be a float and training_mode a bool.");
            return;
        }

        for (int i = 1; i <= 2; i++)
        {
            if (c.Has(i) && c.IsRanked(i) && c.Shape(i).Any(d => Dim.ProvablyDifferent(d, Dim.One)))
            {
                c.Error("PG2308", $"{Schema.InputFormals[i].Name} has the shape {c.Shape(i)}, but must be a scalar.");
                return;
            }
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
        c.Set(1, DataType.Bool, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        double ratio = c.Has(1) ? c.Read<double>(1)[0] : DefaultRatio;
        if (!c.Has(2) || c.Input(2).Data.Span[0] == 0 || ratio == 0)
        {
            c.CopyElements(0, 0);
            if (c.Wants(1))
            {
                c.Output(1).Data.Span.Fill(1);
            }

            return;
        }

        if (ratio is not (>= 0 and < 1))
        {
            throw c.Fail("PG2307", $"the ratio is {ratio}, but must be in [0, 1).");
        }

        MersenneTwister random = new(unchecked((uint)(Seed ?? 0)));
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        Span<byte> mask = c.Wants(1) ? c.Output(1).Data.Span : [];
        for (int i = 0; i < y.Length; i++)
        {
            bool keep = random.NextDouble() >= ratio;
            y[i] = keep ? x[i] / (1 - ratio) : 0;
            if (i < mask.Length)
            {
                mask[i] = (byte)(keep ? 1 : 0);
            }
        }
    }

    /// <summary>Before opset 10 the mask had the type of the data.</summary>
    private static IReadOnlyList<Value?>? WithNumericMask(ImportScope s)
    {
        IReadOnlyList<Value?>? outputs = s.Default(("ratio", null), ("is_test", null), ("consumed_inputs", null));
        return outputs is [{ Tensor: { } data }, { } mask] ? [outputs[0], s.Builder.Call(new Cast(data.ElementType), mask)] : outputs;
    }
}
