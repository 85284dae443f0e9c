using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>(x - offset) · scale as float32; both lists have one number, or one for each feature (the last axis).</summary>
public sealed record Scaler(Floats Offset, Floats Scale) : Operator
{
    public static readonly Schema<Scaler> Schema = new Schema<Scaler>("Scaler", since: 1, a => new(a.Floats("offset"), a.Floats("scale")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Floats("offset", o => o.Offset, Floats.Empty).Floats("scale", o => o.Scale, Floats.Empty);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (c.RequireNumeric(0) && MlDomain.RequirePerFeature(c, "offset", Offset.Count) && MlDomain.RequirePerFeature(c, "scale", Scale.Count))
        {
            c.Set(0, DataType.Float32, c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        int features = c.Input(0).Rank == 0 ? 1 : Math.Max((int)c.Dims(0)[^1], 1);
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = (x[i] - Offset[Offset.Count == 1 ? 0 : i % features]) * Scale[Scale.Count == 1 ? 0 : i % features];
        }
    }
}
