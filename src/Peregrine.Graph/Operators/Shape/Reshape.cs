using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>The same elements under other dimensions. In <c>shape</c>, 0 copies the input's dimension (unless <paramref name="AllowZero"/>) and one −1 takes what is left.</summary>
public sealed record Reshape(bool AllowZero = false) : Operator, IReshaping
{
    public static readonly Schema<Reshape> Schema = new Schema<Reshape>("Reshape", since: 5, a => new(a.Flag("allowzero"))).Inputs("data", "shape").Outputs("reshaped")
        .Flag("allowzero", o => o.AllowZero, false).Added(14, "allowzero")
        .Import(1, 4, s => s.WithInputs([s[0], s.ConstantInts("shape")], ("shape", null), ("consumed_inputs", null)));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.ValueOf(1) is not { } wanted)
        {
            c.Set(0, c.ElementType(0), c.ListLength(1) is { } rank ? c.FreshShape(rank, c.IsRanked(0) ? c.Shape(0).ElementCount : null) : Shape.Unranked);
            return;
        }

        Shape? source = c.IsRanked(0) ? c.Shape(0) : null;
        Dim[] dims = new Dim[wanted.Count];
        bool[] copied = new bool[Math.Max(source?.Rank ?? 0, dims.Length)];
        int rest = -1;
        Dim product = Dim.One;
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = wanted[i];
            if (wanted[i] == -1)
            {
                if (rest >= 0)
                {
                    c.Error("PG2122", $"shape [{string.Join(',', wanted)}] holds -1 more than once.");
                    return;
                }

                rest = i;
            }
            else if (wanted[i] == Dim.Zero && !AllowZero)
            {
                if (source is not null && i >= source.Rank)
                {
                    c.Error("PG2122", $"shape [{string.Join(',', wanted)}] copies dimension {i} of the input {source}, which has rank {source.Rank}.");
                    return;
                }

                dims[i] = source is not null ? source[i] : c.FreshSymbol(null);
                copied[i] = source is not null;
            }
            else if (c.IsNegative(wanted[i]))
            {
                c.Error("PG2122", $"shape [{string.Join(',', wanted)}] holds {wanted[i]}; only -1 may be negative.");
                return;
            }
            else
            {
                product *= wanted[i];
            }
        }

        if (source is null)
        {
            if (rest >= 0)
            {
                dims[rest] = c.FreshSymbol(null);
            }

            c.Set(0, c.ElementType(0), Shape.Create(dims));
            return;
        }

        // Copied dimensions stand on both sides; leaving them out keeps the division exact, and possible where they are 0.
        Dim left = Dim.One;
        bool emptyCopy = false;
        for (int i = 0; i < source.Rank; i++)
        {
            left *= copied[i] ? Dim.One : source[i];
            emptyCopy |= copied[i] && source[i] == Dim.Zero;
        }

        if (rest >= 0)
        {
            bool impossible = product == Dim.Zero || (left.IsConstant && product.IsConstant && left.Constant % product.Constant != 0);
            if (impossible)
            {
                c.Error("PG2123", $"{source} has {source.ElementCount} elements, which shape [{string.Join(',', wanted)}] cannot hold whatever its -1 is.");
                return;
            }

            dims[rest] = Dim.FloorDiv(left, product);
        }
        else if (Dim.ProvablyDifferent(left, product) && !emptyCopy)
        {
            c.Error("PG2123", $"{source} has {source.ElementCount} elements, but shape [{string.Join(',', wanted)}] holds {Shape.Create(dims).ElementCount}.");
            return;
        }

        c.Set(0, c.ElementType(0), Shape.Create(dims));
        if (c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c) => c.CopyElements(0, 0);
}
