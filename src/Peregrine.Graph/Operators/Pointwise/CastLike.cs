using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary><see cref="Cast"/> to the element type of the second input.</summary>
public sealed record CastLike(bool Saturate = true, ExponentRounding RoundMode = ExponentRounding.Up) : Operator
{
    public static readonly Schema<CastLike> Schema = new Schema<CastLike>("CastLike", since: 15, a => new(a.Flag("saturate"), a.Choice<ExponentRounding>("round_mode")))
        .Inputs("input", "target_type").Outputs("output")
        .Flag("saturate", o => o.Saturate, true)
        .Choice<ExponentRounding>("round_mode", o => o.RoundMode, ExponentRounding.Up, Cast.RoundModes)
        .Added(19, "saturate").Added(24, "round_mode");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        DataType from = c.ElementType(0), to = c.ElementType(1);
        foreach (DataType type in (ReadOnlySpan<DataType>)[from, to])
        {
            if (type == DataType.Undefined || type.IsComplex())
            {
                c.Error("PG2309", $"{c.TypeOf(0)} cannot be cast to the element type of {c.TypeOf(1)}.");
                return;
            }
        }

        c.Set(0, to, c.Shape(0));
        if (to is DataType.Int32 or DataType.Int64 && c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override IReadOnlyList<Value?>? Decompose(GraphBuilder g, IReadOnlyList<Value?> inputs, int outputCount) =>
        [g.Call(new Cast(inputs[1]!.Tensor!.ElementType, Saturate, RoundMode), inputs[0])];
}
