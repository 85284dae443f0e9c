using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A copy of <c>data</c> in which each element of <c>updates</c> replaces (or is reduced into) the one at its own position, with the coordinate on one axis taken from <c>indices</c>.</summary>
public sealed record ScatterElements(long Axis = 0, ScatterReduction Reduction = ScatterReduction.None) : Operator
{
    public static readonly Schema<ScatterElements> Schema = new Schema<ScatterElements>("ScatterElements", since: 11, a => new(a.Int("axis"), a.Choice<ScatterReduction>("reduction")))
        .Inputs("data", "indices", "updates").Outputs("output")
        .Int("axis", o => o.Axis, 0)
        .Choice("reduction", o => o.Reduction, ScatterReduction.None, ScatterReductions.Choices)
        .Added(16, "reduction").Added(18, "reduction=min", "reduction=max");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Reduction == ScatterReduction.None ? Accuracy.Exact : Accuracy.Rounding;

    public override void Infer(InferenceScope c)
    {
        if (!ScatterReductions.Check(c, Reduction))
        {
            return;
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
        if (!c.IsRanked(0) || !c.IsRanked(1) || !ElementIndices.Check(c, c.Shape(0), c.Shape(1), Axis))
        {
            return;
        }

        Shape indices = c.Shape(1);
        if (c.IsRanked(2) && (c.Shape(2).Rank != indices.Rank || c.Shape(2).Zip(indices).Any(p => Dim.ProvablyDifferent(p.First, p.Second))))
        {
            c.Error("PG2134", $"indices are {indices} and updates {c.Shape(2)}; they must be equal.");
            return;
        }

        if (Reduction == ScatterReduction.None)
        {
            MovedContents.Propagate(this, c, i => i != 1);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (Reduction == ScatterReduction.None)
        {
            c.CopyElements(0, 0);
            ElementMover mover = new(c.Input(2), c.Output(0));
            Targets targets = new(c, Axis);
            Span<long> strides = targets.Rank <= 16 ? stackalloc long[targets.Rank] : new long[targets.Rank];
            targets.Prepare(strides);
            for (int i = 0; i < targets.Count; i++)
            {
                mover.Copy(i, targets.Offset(i, strides), 1);
            }
        }
        else if (c.Input(0).Type.IsFloat())
        {
            Reduce<double>(c);
        }
        else if (c.Input(0).Type == DataType.UInt64)
        {
            Reduce<ulong>(c);
        }
        else
        {
            Reduce<long>(c);
        }
    }

    private void Reduce<T>(EvaluationScope c) where T : unmanaged, INumber<T>
    {
        Span<T> result = c.Write<T>(0);
        ReadOnlySpan<T> updates = c.Read<T>(2);
        c.Read<T>(0).CopyTo(result);
        Targets targets = new(c, Axis);
        Span<long> strides = targets.Rank <= 16 ? stackalloc long[targets.Rank] : new long[targets.Rank];
        targets.Prepare(strides);
        for (int i = 0; i < targets.Count; i++)
        {
            ref T element = ref result[(int)targets.Offset(i, strides)];
            element = ScatterReductions.Apply(Reduction, element, updates[i]);
        }
    }

    /// <summary>Where in data the updates go.</summary>
    private ref struct Targets(EvaluationScope c, long axis)
    {
        private readonly ReadOnlySpan<long> _indices = c.Read<long>(1);
        private readonly int _axis = c.Axis(axis, c.Input(0).Rank);
        private long _along;

        public readonly int Rank => c.Input(0).Rank;

        public readonly int Count => _indices.Length;

        public void Prepare(scoped Span<long> strides)
        {
            StridedCopy.RowMajor(c.Dims(0), strides);
            _along = strides[_axis];
            strides[_axis] = 0;
        }

        public readonly long Offset(int update, scoped ReadOnlySpan<long> strides) =>
            StridedCopy.Offset(update, c.Dims(1), strides) + (ElementIndices.Normalize(c, _indices[update], c.Dims(0)[_axis]) * _along);
    }
}

/// <summary>The name that ScatterElements had in opsets 9 and 10; nodes of that name become <see cref="ScatterElements"/>.</summary>
public static class Scatter
{
    public static readonly Schema<ScatterElements> Schema = new Schema<ScatterElements>("Scatter", since: 11, a => new(a.Int("axis"))).Inputs("data", "indices", "updates").Outputs("output")
        .Int("axis", o => o.Axis, 0)
        .Import(9, OperatorSchema.Newest, s => s.Call(new ScatterElements(s.Attributes.Int("axis", 0)), [.. s.Inputs]));
}
