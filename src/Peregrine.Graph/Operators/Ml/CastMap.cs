using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the elements of a map become.</summary>
public enum MapCast
{
    Float,
    Int64,
    Text,
}

/// <summary>Where the elements of a map go.</summary>
public enum MapForm
{
    /// <summary>Side by side, by ascending key.</summary>
    Dense,
    /// <summary>To the position that the key names; 0 elsewhere ("0.f" among strings, as ONNX Runtime has it; the standard is silent).</summary>
    Sparse,
}

/// <summary>The values of a map with integer keys as a row: [1, elements] or, sparse, [1, <paramref name="Length"/>]. Values convert as <see cref="Cast"/> says.</summary>
/// <param name="Length">The length of the sparse form; keys beyond it are left out.</param>
public sealed record CastMap(MapCast To = MapCast.Float, MapForm Form = MapForm.Dense, long Length = 1) : Operator
{
    private const string PaddingText = "0.f";

    public static readonly Schema<CastMap> Schema = new Schema<CastMap>("CastMap", since: 1, a => new(a.Choice<MapCast>("cast_to"), a.Choice<MapForm>("map_form"), a.Int("max_map")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Choice<MapCast>("cast_to", o => o.To, MapCast.Float, ("TO_FLOAT", MapCast.Float), ("TO_INT64", MapCast.Int64), ("TO_STRING", MapCast.Text))
        .Choice<MapForm>("map_form", o => o.Form, MapForm.Dense, ("DENSE", MapForm.Dense), ("SPARSE", MapForm.Sparse))
        .Int("max_map", o => o.Length, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    private DataType ElementType => To switch { MapCast.Float => DataType.Float32, MapCast.Int64 => DataType.Int64, _ => DataType.String };

    public override void Infer(InferenceScope c)
    {
        if (c.TypeOf(0) is not MapType { Key: DataType.Int64, Element: DataType.Float32 or DataType.String })
        {
            c.Error("PG2103", $"input 0 is {c.TypeOf(0)}, but must be a map from s64 to f32 or str.");
        }
        else if (Form == MapForm.Sparse && Length <= 0)
        {
            c.Error("PG2612", $"max_map is {Length}, but must be positive.");
        }
        else
        {
            c.Set(0, ElementType, Shape.Create([Dim.One, Form == MapForm.Sparse ? Length : c.FreshSymbol(null)]));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        TensorMap map = (TensorMap)c.InputValue(0);
        Tensor values = (Tensor)ReferenceEvaluator.Evaluate(new Cast(ElementType), c.NodeName, [map.Values], [], [true])[0]!;
        ReadOnlySpan<long> keys = map.Keys.Span<long>();
        int[] order = [.. Enumerable.Range(0, keys.Length)];
        keys.ToArray().AsSpan().Sort(order.AsSpan());
        if (Form == MapForm.Sparse && keys.Length > 0 && keys[order[0]] < 0)
        {
            throw c.Fail("PG2613", $"the key {keys[order[0]]} is negative; map_form=SPARSE takes keys as positions.");
        }

        Tensor y = c.Output(0, ElementType, 1, Form == MapForm.Sparse ? Length : keys.Length);
        if (Form == MapForm.Sparse)
        {
            y.Data.Span.Clear();
            if (y.Type == DataType.String)
            {
                y.Strings.AsSpan().Fill(PaddingText);
            }
        }

        for (int i = 0; i < order.Length; i++)
        {
            long position = Form == MapForm.Sparse ? keys[order[i]] : i;
            if (position < y.Length)
            {
                MlDomain.CopyElement(values, order[i], y, position);
            }
        }
    }
}
