using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>An operator that fills its one output with independent random numbers.</summary>
public abstract record RandomOperator(float? Seed) : Operator, IRandomOperator
{
    public override void Evaluate(EvaluationScope c)
    {
        RandomStream random = new(Seed, c.NodeName);
        foreach (ref double element in c.Write<double>(0))
        {
            element = Draw(ref random);
        }
    }

    /// <summary>The next number.</summary>
    private protected virtual double Draw(ref RandomStream random) => throw new NotSupportedException($"{Definition.Name} does not draw element by element.");

    /// <summary>States output 0 of this type and the shape of an attribute.</summary>
    private protected static void SetShape(InferenceScope c, DataType type, Ints dims)
    {
        foreach (long dim in dims)
        {
            if (dim < 0)
            {
                c.Error("PG2570", $"shape {dims} has a negative dimension.");
                return;
            }
        }

        SetType(c, type, Shape.Of(dims.AsSpan()));
    }

    private protected static void SetType(InferenceScope c, DataType type, Shape shape)
    {
        if (!RealTypes.All.Contains(type))
        {
            c.Error("PG2571", $"dtype is {type.Name()}, but must be one of {string.Join(", ", RealTypes.All.ToArray().Select(t => t.Name()))}.");
            return;
        }

        c.Set(0, type, shape);
    }
}
