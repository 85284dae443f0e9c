using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Replaces every element that is a key by the value at the key's position, and any other by the default. A repeated key means its last value; a NaN key matches every NaN.
/// Opset 1 mapped strings to their positions in a list of classes and back; the lists <c>keys_…</c> and <c>values_…</c> of opsets 2 and later become tensors.
/// </summary>
/// <param name="Default">One element of the type of the values; absent it is "_Unused", -1 or -0.</param>
public sealed record LabelEncoder(Tensor? Keys, Tensor? Values, Tensor? Default = null) : Operator
{
    private const string UnknownText = "_Unused";

    public static readonly Schema<LabelEncoder> Schema = new Schema<LabelEncoder>("LabelEncoder", since: 4, a => new(a.OptionalTensor("keys_tensor"), a.OptionalTensor("values_tensor"), a.OptionalTensor("default_tensor")), MlDomain.Name)
        .Inputs("X").Outputs("Y")
        .OptionalTensor("keys_tensor", o => o.Keys).OptionalTensor("values_tensor", o => o.Values).OptionalTensor("default_tensor", o => o.Default)
        .Import(1, 1, ImportClasses)
        .Import(2, OperatorSchema.Newest, ImportLists);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    private static ReadOnlySpan<DataType> Types => [DataType.String, DataType.Int64, DataType.Float32, DataType.Float64, DataType.Int32, DataType.Int16];

    public override void Infer(InferenceScope c)
    {
        if (Keys is null || Values is null || Keys.Length != Values.Length || !Types.Contains(Keys.Type) || !Types.Contains(Values.Type))
        {
            c.Error("PG2604", $"its keys are {Keys?.ToString() ?? "absent"} and its values {Values?.ToString() ?? "absent"}; it needs as many values as keys, of strings, floats or integers.");
            return;
        }

        if (Default is not null && (Default.Type != Values.Type || Default.Length != 1))
        {
            c.Error("PG2604", $"its default is {Default}, but must be one element of the values' type {Values.Type.Name()}.");
            return;
        }

        if (c.Require(0, Keys.Type))
        {
            c.Set(0, Values.Type, c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        LabelTable table = (LabelTable)(c.State ??= new LabelTable(Keys!));
        Tensor values = Values!, missing = Default ?? Standard(values.Type), target = c.Output(0);
        ElementMover found = new(values, target), other = new(missing, target);
        for (long i = 0; i < target.Length; i++)
        {
            int position = table.Find(c.Input(0), i);
            if (position >= 0)
            {
                found.Copy(position, i, 1);
            }
            else
            {
                other.Copy(0, i, 1);
            }
        }
    }

    private static Tensor Standard(DataType type)
    {
        if (type == DataType.String)
        {
            return new([1], [UnknownText]);
        }

        Tensor standard = Tensor.Allocate(type, [1]);
        ElementConversion.Store<double>([type.IsFloat() ? -0.0 : -1], standard);
        return standard;
    }

    private static IReadOnlyList<Value?>? ImportClasses(ImportScope s)
    {
        if (s.Attributes["classes_strings"] is not Texts classes)
        {
            return s.Error("PG2013", "the required attribute \"classes_strings\" is missing.");
        }

        Tensor texts = new([classes.Count], classes.ToArray()), positions = Tensor.Vector([.. Enumerable.Range(0, classes.Count).Select(i => (long)i)]);
        return s[0]?.Tensor?.ElementType == DataType.String
            ? s.Call(new LabelEncoder(texts, positions, Tensor.Vector(s.Attributes.Int("default_int64", -1))), s[0])
            : s.Call(new LabelEncoder(positions, texts, new([1], [s.Attributes.Text("default_string", UnknownText)])), s[0]);
    }

    private static IReadOnlyList<Value?>? ImportLists(ImportScope s)
    {
        if (List(s, "keys") is not { } keys || List(s, "values") is not { } values)
        {
            return s.Error("PG2604", "it needs exactly one attribute keys_… and one values_….");
        }

        Tensor standard = s.Attributes["default_tensor"] as Tensor ?? values.Type switch
        {
            DataType.String => new([1], [s.Attributes.Text("default_string", UnknownText)]),
            DataType.Int64 => Tensor.Vector(s.Attributes.Int("default_int64", -1)),
            DataType.Float32 => Tensor.Vector(s.Attributes.Float("default_float", -0f)),
            _ => Standard(values.Type),
        };
        return s.Call(new LabelEncoder(keys, values, standard), s[0]);
    }

    /// <summary>The one list of that name; null if there is none or more than one.</summary>
    private static Tensor? List(ImportScope s, string name)
    {
        List<Tensor> given = [];
        foreach (string kind in (ReadOnlySpan<string>)["strings", "int64s", "floats", "tensor"])
        {
            switch (s.Attributes[$"{name}_{kind}"])
            {
                case Texts texts: given.Add(new([texts.Count], texts.ToArray())); break;
                case Ints ints: given.Add(Tensor.Vector(ints.AsSpan())); break;
                case Floats floats: given.Add(Tensor.Vector(floats.AsSpan())); break;
                case Tensor tensor: given.Add(tensor); break;
            }
        }

        return given is [var only] ? only : null;
    }
}
