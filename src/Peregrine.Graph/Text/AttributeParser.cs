using System.Globalization;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Text;

/// <summary>Attributes in braces: <c>{axis=1, alpha=0.5, mode="linear", strides=[1,1], value=@f32[1]{0}, body=graph …}</c>. The schema says of which kind each one is.</summary>
internal sealed class AttributeParser(TextScanner scanner, TypeParser types, Func<Graph> parseGraph)
{
    public AttributeBag Parse(OperatorSchema schema)
    {
        AttributeBag bag = new();
        if (!scanner.Take('{'))
        {
            return bag;
        }

        while (!scanner.Take('}'))
        {
            string name = scanner.Word("an attribute");
            AttributeDefinition definition = schema.Attributes.FirstOrDefault(a => a.Name == name)
                ?? throw scanner.Error("PG1204", $"{schema.FullName} has no attribute \"{name}\"; it has {(schema.Attributes.Count == 0 ? "none" : string.Join(", ", schema.Attributes.Select(a => a.Name)))}");
            if (bag.Has(name))
            {
                throw scanner.Error($"the attribute \"{name}\" is given twice");
            }

            scanner.Expect('=');
            bag[name] = Value(definition.Kind);
            if (!scanner.Take(',') && scanner.Peek() != '}')
            {
                throw scanner.Error("'}' is expected here");
            }
        }

        return bag;
    }

    private object Value(AttributeKind kind) => kind switch
    {
        AttributeKind.Int => Int(),
        AttributeKind.Float => Float(),
        AttributeKind.Text => scanner.Quoted("a text"),
        AttributeKind.Ints => Ints.From(List(Int)),
        AttributeKind.Floats => Floats.From(List(Float)),
        AttributeKind.Texts => Texts.From(List(() => scanner.Quoted("a text"))),
        AttributeKind.Tensor => new ConstantParser(scanner, types).Parse("attribute"),
        AttributeKind.Graph => parseGraph(),
        _ => types.Parse(),
    };

    private List<T> List<T>(Func<T> item)
    {
        List<T> items = [];
        scanner.Expect('[');
        while (!scanner.Take(']'))
        {
            items.Add(item());
            if (!scanner.Take(',') && scanner.Peek() != ']')
            {
                throw scanner.Error("']' is expected here");
            }
        }

        return items;
    }

    private long Int()
    {
        string text = scanner.Number();
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : throw scanner.Error($"{text} is no integer");
    }

    private float Float()
    {
        string text = scanner.Number();
        return text switch
        {
            "nan" => float.NaN,
            "inf" => float.PositiveInfinity,
            "-inf" => float.NegativeInfinity,
            _ => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) ? value : throw scanner.Error($"{text} is no number"),
        };
    }
}
