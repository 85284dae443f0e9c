using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// An integer tensor of dimensions: what a chain of Shape, Gather, Mul, Concat computes, as expressions over the symbols of the graph. It has no inputs; whoever runs the graph knows
/// the symbols' values from the shapes of its inputs.
/// </summary>
/// <param name="Dims">The elements in row-major order as <see cref="Dim"/> texts, at most <see cref="Ir.ValueContents.MaxElements"/>.</param>
/// <param name="Shape">The tensor's dimensions; null for a vector of all elements.</param>
/// <param name="Type">int64 or int32.</param>
public sealed record DimTensor(Texts Dims, Ints? Shape = null, DataType Type = DataType.Int64) : Operator
{
    public static readonly Schema<DimTensor> Schema = new Schema<DimTensor>("DimTensor", since: 1, a => new(a.Texts("dims"), a.OptionalInts("shape"), a.DataType("type")), "peregrine").Outputs("tensor")
        .Texts("dims", o => o.Dims)
        .OptionalInts("shape", o => o.Shape)
        .DataType("type", o => o.Type, DataType.Int64);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    /// <summary>A node's operator for these contents.</summary>
    public static DimTensor Of(IReadOnlyList<Dim> contents, ReadOnlySpan<long> shape, DataType type) =>
        new(Texts.From(contents.Select(d => d.ToString())), shape.Length == 1 ? null : Ints.Create(shape), type);

    public override void Infer(InferenceScope c)
    {
        if (Type is not (DataType.Int64 or DataType.Int32))
        {
            c.Error("PG2108", $"the attribute \"type\" is {Type.Name()}, but must be s64 or s32.");
            return;
        }

        long[] shape = Shape?.ToArray() ?? [Dims.Count];
        if (Dims.Count > Ir.ValueContents.MaxElements || shape.Any(d => d < 0 || d > Ir.ValueContents.MaxElements) || Tensor.CountElements(shape) != Dims.Count)
        {
            c.Error("PG2109", $"{Dims.Count} elements do not make a tensor of shape [{string.Join(',', shape)}] with at most {Ir.ValueContents.MaxElements} elements.");
            return;
        }

        Dim[] contents = new Dim[Dims.Count];
        for (int i = 0; i < contents.Length; i++)
        {
            if (!DimParser.TryParse(Dims[i], out contents[i], out string? error))
            {
                c.Error("PG1101", $"\"{Dims[i]}\" is no dimension: {error}");
                return;
            }
        }

        c.Set(0, Type, Symbolics.Shape.Of(shape));
        c.SetValue(0, contents);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Dim[] dims = (Dim[])(c.State ??= Dims.Select(DimParser.Parse).ToArray());
        Span<long> elements = c.Write<long>(0);
        for (int i = 0; i < dims.Length; i++)
        {
            try
            {
                elements[i] = dims[i].Evaluate(c.SymbolValue);
            }
            catch (Exception e) when (e is OverflowException or DimException)
            {
                throw c.Fail("PG2113", $"the dimension {dims[i]} has no value for these input shapes: {e.Message}");
            }

            if (Type == DataType.Int32 && elements[i] != (int)elements[i])
            {
                throw c.Fail("PG2113", $"the dimension {dims[i]} is {elements[i]}, which does not fit into 32 bits.");
            }
        }
    }
}
