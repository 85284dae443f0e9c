using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Einstein summation over any number of operands: <c>"bij,bjk->bik"</c>, with ellipsis, diagonals and the implicit form. Operands are contracted pairwise from the left.</summary>
public sealed record Einsum(string Equation) : Operator
{
    public static readonly Schema<Einsum> Schema = new Schema<Einsum>("Einsum", since: 12, a => new(a.Text("equation"))).Inputs("Inputs...").Outputs("Output")
        .Text("equation", o => o.Equation);

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        List<int> ranks = [];
        for (int i = 0; i < c.InputCount; i++)
        {
            if (!c.Has(i))
            {
                c.Error("PG2106", $"the required input {i} is absent.");
                return;
            }

            if (c.ElementType(i) != type)
            {
                c.Error("PG2200", $"input {i} is {c.TypeOf(i)}, but input 0 is {c.TypeOf(0)}; all must have one element type.");
                return;
            }

            if (!c.IsRanked(i))
            {
                c.Set(0, type, Symbolics.Shape.Unranked);
                return;
            }

            ranks.Add(c.Shape(i).Rank);
        }

        if (EinsumEquation.TryParse(Equation, ranks, out string problem) is not { } equation)
        {
            c.Error("PG2204", $"the equation \"{Equation}\" does not work: {problem}.");
            return;
        }

        Dictionary<int, Dim> extents = [];
        for (int i = 0; i < equation.Terms.Count; i++)
        {
            for (int axis = 0; axis < ranks[i]; axis++)
            {
                int label = equation.Terms[i][axis];
                Dim extent = c.Shape(i)[axis], known = extents.GetValueOrDefault(label, Dim.One);
                if (Dim.Broadcast(known, extent) is not { } joint)
                {
                    c.Error("PG2205", $"\"{EinsumEquation.Print(label)}\" is {known} in one place of the equation \"{Equation}\" and {extent} in input {i} of shape {c.Shape(i)}.");
                    return;
                }

                extents[label] = joint;
            }
        }

        c.Set(0, type, Symbolics.Shape.From(equation.Output.Select(l => extents[l])));
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type.IsFloat())
        {
            Contract(c, c.Write<double>(0));
        }
        else
        {
            Contract(c, c.Write<long>(0));
        }
    }

    private void Contract<T>(EvaluationScope c, Span<T> y) where T : unmanaged, INumber<T>
    {
        EinsumEquation equation = EinsumEquation.TryParse(Equation, [.. Enumerable.Range(0, c.InputCount).Select(i => c.Input(i).Rank)], out string problem)
            ?? throw c.Fail("PG2204", $"the equation \"{Equation}\" does not work: {problem}.");
        if (y.IsEmpty)
        {
            return;
        }

        Dictionary<int, int> extents = [];
        EinsumOperand<T>[] operands = new EinsumOperand<T>[c.InputCount];
        for (int i = 0; i < operands.Length; i++)
        {
            operands[i] = EinsumOperand<T>.Create(c.Read<T>(i).ToArray(), equation.Terms[i], c.Dims(i));
            foreach ((int label, int extent) in operands[i].Labels.Zip(operands[i].Extents))
            {
                extents[label] = extents.TryGetValue(label, out int known) && known != 1 ? known : extent;
            }
        }

        EinsumOperand<T> result = EinsumOperand<T>.One;
        for (int i = 0; i < operands.Length; i++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            HashSet<int> later = [.. equation.Output, .. operands.Skip(i + 1).SelectMany(o => o.Labels)];
            result = Multiply(c, result, operands[i], later, extents);
        }

        int[] outputExtents = [.. equation.Output.Select(l => extents[l])];
        result.Gather(equation.Output, outputExtents).CopyTo(y);
    }

    /// <summary>The product of two operands, summed over every label that nobody needs later, as a batch of matrix products.</summary>
    private static EinsumOperand<T> Multiply<T>(EvaluationScope c, EinsumOperand<T> left, EinsumOperand<T> right, HashSet<int> later, Dictionary<int, int> extents)
        where T : unmanaged, INumber<T>
    {
        left = left.SumExcept(l => later.Contains(l) || right.Labels.Contains(l));
        right = right.SumExcept(l => later.Contains(l) || left.Labels.Contains(l));
        int[] batch = [.. left.Labels.Where(l => right.Labels.Contains(l) && later.Contains(l))];
        int[] inner = [.. left.Labels.Where(l => right.Labels.Contains(l) && !later.Contains(l))];
        int[] rows = [.. left.Labels.Except(right.Labels)], columns = [.. right.Labels.Except(left.Labels)];
        int b = Count(batch), m = Count(rows), n = Count(columns), k = Count(inner);
        Tensor.CheckedBytes(DataType.Float64, [b, m, k]);
        Tensor.CheckedBytes(DataType.Float64, [b, k, n]);
        int[] orderLeft = [.. batch, .. rows, .. inner], orderRight = [.. batch, .. inner, .. columns], orderResult = [.. batch, .. rows, .. columns];
        T[] x = left.Gather(orderLeft, Extents(orderLeft)), y = right.Gather(orderRight, Extents(orderRight));
        T[] product = new T[Tensor.CheckedBytes(DataType.Float64, [b, m, n]) / sizeof(double)];
        Span<T> workspace = c.Scratch<T>(ReferenceGemm.WorkspaceLength(m, n, k));
        for (int i = 0; i < b; i++)
        {
            ReferenceGemm.Multiply(
                m, n, k, T.One, MatrixView<T>.RowMajor(x.AsSpan(i * m * k), k), MatrixView<T>.RowMajor(y.AsSpan(i * k * n), n), T.Zero, default, product.AsSpan(i * m * n), n, workspace);
        }

        return EinsumOperand<T>.Create(product, orderResult, [.. orderResult.Select(l => (long)extents[l])]);

        int Count(int[] labels) => labels.Aggregate(1, (product, label) => (int)Math.Min((long)product * extents[label], int.MaxValue));
        int[] Extents(int[] labels) => [.. labels.Select(l => extents[l])];
    }
}
