using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>Operators as their schema describes them: domain, name and the attributes that differ from their defaults.</summary>
internal static class OperatorCodec
{
    public static void Write(StructureWriter w, Operator op)
    {
        w.Text(op.Definition.Domain);
        w.Text(op.Definition.Name);
        WriteBag(w, op.Definition.Describe(op));
    }

    public static Operator Read(StructureReader r)
    {
        string domain = r.Text(), name = r.Text();
        AttributeBag bag = ReadBag(r);
        string full = domain.Length == 0 ? name : $"{domain}.{name}";
        if (r.Context.Catalog.Find(domain, name) is not { } schema)
        {
            throw new EngineFormatException($"The engine needs the operator {full}, which this program does not know. Load the module that defines it, update Peregrine, or build the engine again without it.");
        }

        if (bag.Names.FirstOrDefault(n => schema.Attributes.All(a => a.Name != n)) is { } unknown)
        {
            throw new EngineFormatException($"The engine gives the operator {full} the attribute \"{unknown}\", which this program does not know. Update Peregrine, or build the engine again.");
        }

        DiagnosticBag diagnostics = new();
        Operator? op;
        try
        {
            op = schema.TryCreate(bag, diagnostics, "engine file");
        }
        catch (Exception problem) when (problem is not (EngineFormatException or OutOfMemoryException))
        {
            // Constructors of operators, those of modules too, may refuse values in any way.
            throw r.Error($"the operator {full} refuses its attributes {bag}: {problem.Message}", problem);
        }

        return op ?? throw r.Error($"the operator {full} cannot be made: {string.Join(' ', diagnostics.Items.Where(d => d.Severity == Severity.Error).Select(d => d.Message))}");
    }

    public static void WriteBag(StructureWriter w, AttributeBag bag)
    {
        w.Bytes.WriteCount(bag.Count);
        foreach (string name in bag.Names)
        {
            w.Text(name);
            WriteValue(w, bag[name]!);
        }
    }

    public static AttributeBag ReadBag(StructureReader r)
    {
        AttributeBag bag = new();
        for (int count = r.Bytes.ReadCount(3); count > 0; count--)
        {
            string name = r.Text();
            if (bag.Has(name))
            {
                throw r.Error($"the attribute \"{name}\" occurs twice");
            }

            bag[name] = ReadValue(r);
        }

        return bag;
    }

    private static void WriteValue(StructureWriter w, object value)
    {
        w.Bytes.WriteUnsigned((ulong)AttributeDefinition.KindOf(value));
        switch (value)
        {
            case long number:
                w.Bytes.WriteSigned(number);
                break;
            case float number:
                w.Bytes.WriteSingle(number);
                break;
            case string text:
                w.Text(text);
                break;
            case Ints numbers:
                w.Bytes.WriteSignedList(numbers.AsSpan());
                break;
            case Floats numbers:
                w.Bytes.WriteCount(numbers.Count);
                foreach (float number in numbers.AsSpan())
                {
                    w.Bytes.WriteSingle(number);
                }

                break;
            case Texts texts:
                w.Texts(texts);
                break;
            case Tensor tensor:
                w.Tensor(tensor);
                break;
            case Graph graph:
                GraphCodec.Write(w, graph);
                break;
            case IrType type:
                w.Type(type);
                break;
        }
    }

    private static object ReadValue(StructureReader r)
    {
        switch (r.Bytes.ReadEnum<AttributeKind>("the kind of an attribute"))
        {
            case AttributeKind.Int:
                return r.Bytes.ReadSigned();
            case AttributeKind.Float:
                return r.Bytes.ReadSingle();
            case AttributeKind.Text:
                return r.Text();
            case AttributeKind.Ints:
                return Ints.From(r.Bytes.ReadSignedList());
            case AttributeKind.Floats:
                float[] numbers = new float[r.Bytes.ReadCount(sizeof(float))];
                for (int i = 0; i < numbers.Length; i++)
                {
                    numbers[i] = r.Bytes.ReadSingle();
                }

                return Floats.From(numbers);
            case AttributeKind.Texts:
                return r.Texts();
            case AttributeKind.Tensor:
                return r.Tensor();
            case AttributeKind.Graph:
                return GraphCodec.Read(r);
            default:
                return r.Type();
        }
    }
}
