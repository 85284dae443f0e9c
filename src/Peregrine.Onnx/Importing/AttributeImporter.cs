using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Importing;

/// <summary>A node's attributes as the operator's schema reads them; inside a function, references are replaced by the call's attributes.</summary>
internal sealed class AttributeImporter(ImportContext context, ImportEnvironment environment)
{
    /// <summary>The attributes with references resolved. One that refers to an attribute which the call leaves out, and which has no default, is absent.</summary>
    public IReadOnlyList<OnnxAttributeProto> Resolve(OnnxNodeProto node)
    {
        if (!node.Attributes.Any(a => a.ReferenceName.Length > 0))
        {
            return node.Attributes;
        }

        List<OnnxAttributeProto> resolved = [];
        foreach (OnnxAttributeProto attribute in node.Attributes)
        {
            if (attribute.ReferenceName.Length == 0)
            {
                resolved.Add(attribute);
            }
            else if (environment.Attributes is null)
            {
                context.Diagnostics.Error("PG2043", $"{node}: the attribute \"{attribute.Name}\" refers to the attribute \"{attribute.ReferenceName}\" of a function, but the node is in none.");
            }
            else if (environment.Attributes.TryGetValue(attribute.ReferenceName, out OnnxAttributeProto? value))
            {
                resolved.Add(Renamed(value, attribute.Name));
            }
        }

        return resolved;
    }

    /// <summary>Null after reporting an error.</summary>
    public AttributeBag? Import(OnnxNodeProto node, string name, BodyImporter bodies)
    {
        IReadOnlyList<OnnxAttributeProto> attributes = Resolve(node);
        AttributeBag bag = new();
        bool valid = true;
        bodies.Capture(node, name);
        foreach (OnnxAttributeProto attribute in attributes)
        {
            if (bag.Has(attribute.Name))
            {
                context.Diagnostics.Error("PG2015", $"{node.OperatorType} \"{name}\": the attribute \"{attribute.Name}\" is given twice.", suggestion: "Remove one of them.");
                valid = false;
            }

            object? value = Value(attribute, node, name, bodies);
            bag[attribute.Name] = value;
            valid &= value is not null;
        }

        return valid ? bag : null;
    }

    private static OnnxAttributeProto Renamed(OnnxAttributeProto value, string name) => value.Name == name ? value : new()
    {
        Name = name,
        DeclaredKind = value.Kind,
        Float = value.Float,
        Int = value.Int,
        StringBytes = value.StringBytes,
        Tensor = value.Tensor,
        Graph = value.Graph,
        SparseTensor = value.SparseTensor,
        Type = value.Type,
        Floats = value.Floats,
        Ints = value.Ints,
        StringsBytes = value.StringsBytes,
        Tensors = value.Tensors,
        Graphs = value.Graphs,
        SparseTensors = value.SparseTensors,
        Types = value.Types,
    };

    private object? Value(OnnxAttributeProto attribute, OnnxNodeProto node, string name, BodyImporter bodies)
    {
        switch (attribute.Kind)
        {
            case OnnxAttributeKind.Float:
                return attribute.Float;
            case OnnxAttributeKind.Int:
                return attribute.Int;
            case OnnxAttributeKind.String:
                return attribute.String;
            case OnnxAttributeKind.Floats:
                return attribute.Floats;
            case OnnxAttributeKind.Ints:
                return attribute.Ints;
            case OnnxAttributeKind.Strings:
                return attribute.Strings;
            case OnnxAttributeKind.Tensor when attribute.Tensor is { } tensor:
                return context.Decoder.Decode(tensor);
            case OnnxAttributeKind.SparseTensor when attribute.SparseTensor is { } sparse:
                return context.Decoder.Decode(sparse);
            case OnnxAttributeKind.Type when attribute.Type is { } type:
                return TypeImporter.Import(type, $"{node.OperatorType} \"{name}\", attribute \"{attribute.Name}\"", (_, d) => d.Parameter.Length > 0 ? Dim.Symbol(d.Parameter) : bodies.FreshDim(), context.Diagnostics);
            case OnnxAttributeKind.Graph when attribute.Graph is { } body:
                return node.Attribute(attribute.Name)?.Graph == body ? bodies.Import(body, $"{name}.{attribute.Name}") : Unsupported("graphs cannot be handed to a function as an attribute");
            default:
                return Unsupported($"attributes of kind {attribute.Kind} are not supported, or it has no value");
        }

        object? Unsupported(string why)
        {
            context.Diagnostics.Error("PG2016", $"{node.OperatorType} \"{name}\": the attribute \"{attribute.Name}\" cannot be read: {why}.");
            return null;
        }
    }
}
