namespace Peregrine.Operators;

/// <summary>(x - mean) / √(variance + epsilon) · scale + B, with mean and variance of each channel of each instance.</summary>
public sealed record InstanceNormalization(float Epsilon = 1e-5f) : Operator
{
    public static readonly Schema<InstanceNormalization> Schema = new Schema<InstanceNormalization>("InstanceNormalization", since: 1, a => new(a.Float("epsilon")))
        .Inputs("input", "scale", "B").Outputs("output")
        .Float("epsilon", o => o.Epsilon, 1e-5f)
        .Legacy("consumed_inputs");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2))
        {
            return;
        }

        if (c.IsRanked(0))
        {
            if (c.Shape(0).Rank < 2)
            {
                c.Error("PG2533", $"the input {c.Shape(0)} has no channel axis; its shape must be [N,C,…].");
                return;
            }

            if (!c.RequireVector(1, c.Shape(0)[1], "one per channel") || !c.RequireVector(2, c.Shape(0)[1], "one per channel"))
            {
                return;
            }
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c) => GroupKernel.Run(c, Math.Max(1, c.Dims(0)[1]), Epsilon);
}
