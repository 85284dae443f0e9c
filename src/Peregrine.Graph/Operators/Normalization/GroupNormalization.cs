using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// (X - mean) / √(variance + epsilon) · scale + bias, with mean and variance of each group of neighbouring channels of each instance, and scale and bias per channel.
/// The reference computes in double whatever <see cref="StashType"/> says.
/// </summary>
public sealed record GroupNormalization(long NumGroups, float Epsilon = 1e-5f, DataType StashType = DataType.Float32) : Operator
{
    public static readonly Schema<GroupNormalization> Schema =
        new Schema<GroupNormalization>("GroupNormalization", since: 21, a => new(a.Int("num_groups"), a.Float("epsilon"), a.DataType("stash_type")))
        .Inputs("X", "scale", "bias").Outputs("Y")
        .Int("num_groups", o => o.NumGroups)
        .Float("epsilon", o => o.Epsilon, 1e-5f)
        .DataType("stash_type", o => o.StashType, DataType.Float32)
        .Import(1, 20, ImportPerGroup);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0, 1, 2))
        {
            return;
        }

        if (NumGroups < 1)
        {
            c.Error("PG2534", $"num_groups is {NumGroups}, but must be at least 1.");
            return;
        }

        if (c.IsRanked(0))
        {
            if (c.Shape(0).Rank < 2)
            {
                c.Error("PG2533", $"the input {c.Shape(0)} has no channel axis; its shape must be [N,C,…].");
                return;
            }

            Dim channels = c.Shape(0)[1];
            if (channels.IsConstant && channels.Constant % NumGroups != 0)
            {
                c.Error("PG2534", $"num_groups {NumGroups} does not divide the {channels} channels of {c.Shape(0)}.");
                return;
            }

            if (!c.RequireVector(1, channels, "one per channel") || !c.RequireVector(2, channels, "one per channel"))
            {
                return;
            }
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c) => GroupKernel.Run(c, NumGroups, Epsilon);

    /// <summary>Opset 18 has scale and bias per group: each is repeated for the group's channels.</summary>
    private static IReadOnlyList<Value?>? ImportPerGroup(ImportScope s)
    {
        long groups = s.Attributes.Int("num_groups", 0);
        if (s[0]?.Tensor is not { Shape: { IsRanked: true, Rank: > 1 } shape } || !shape[1].IsConstant || groups < 1 || shape[1].Constant % groups != 0)
        {
            return s.Error("PG2580", "scale and bias per group (opset 18) need a known number of channels that num_groups divides.", "Convert the model to opset 21.");
        }

        long times = shape[1].Constant / groups;
        return s.WithInputs([s[0], ImportReshaping.RepeatEach(s, s[1], groups, times), ImportReshaping.RepeatEach(s, s[2], groups, times)]);
    }
}
