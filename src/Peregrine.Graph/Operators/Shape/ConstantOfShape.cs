using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A tensor of the shape in <c>input</c>, filled with one value: <paramref name="Value"/> (a tensor of one element), or float 0.</summary>
public sealed record ConstantOfShape(Tensor? Value = null) : Operator
{
    public static readonly Schema<ConstantOfShape> Schema = new Schema<ConstantOfShape>("ConstantOfShape", since: 9, a => new(a.OptionalTensor("value"))).Inputs("input").Outputs("output")
        .OptionalTensor("value", o => o.Value);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (Value is { Length: not 1 })
        {
            c.Error("PG2131", $"value is {Value}, but must hold exactly one element.");
            return;
        }

        DataType type = Value?.Type ?? DataType.Float32;
        if (c.ValueOf(0) is not { } dims)
        {
            c.Set(0, type, c.ListLength(0) is { } rank ? c.FreshShape(rank) : Shape.Unranked);
            return;
        }

        if (dims.Any(c.IsNegative))
        {
            c.Error("PG2131", $"the shape [{string.Join(',', dims)}] holds a negative extent.");
            return;
        }

        Shape shape = Shape.From(dims);
        c.Set(0, type, shape);
        if (Value is not null && shape.IsStatic && shape.ElementCount.Constant <= ValueContents.MaxElements && ValueContents.Of(Value) is [var element])
        {
            c.SetValue(0, [.. Enumerable.Repeat(element, (int)shape.ElementCount.Constant)]);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor target = c.Output(0);
        if (Value is null)
        {
            StridedCopy.Clear(target);
        }
        else
        {
            StridedCopy.Fill(Value, target);
        }
    }
}
