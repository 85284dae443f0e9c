using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>Which of its forms an <see cref="OnnxTypeProto"/> has. The numbers are the fields' numbers.</summary>
public enum OnnxTypeKind
{
    Undefined = 0,
    Tensor = 1,
    Sequence = 4,
    Map = 5,
    Opaque = 7,
    SparseTensor = 8,
    Optional = 9,
}

/// <summary>ONNX's TypeProto with the messages of its forms folded in: which properties mean something depends on <see cref="Kind"/>.</summary>
public sealed class OnnxTypeProto : IOnnxMessage
{
    public OnnxTypeKind Kind { get; set; }

    /// <summary>Tensor, sparse tensor: the element type. The number may be unknown to this version (<see cref="DataTypes.IsDefined"/>).</summary>
    public DataType ElementType { get; set; }

    /// <summary>Tensor, sparse tensor: the shape; null if not even the rank is known.</summary>
    public OnnxShapeProto? Shape { get; set; }

    /// <summary>Sequence, optional: the type of the element. Map: the type of the values.</summary>
    public OnnxTypeProto? Element { get; set; }

    /// <summary>Map: the type of the keys.</summary>
    public DataType KeyType { get; set; }

    /// <summary>Opaque: the domain.</summary>
    public string OpaqueDomain { get; set; } = "";

    /// <summary>Opaque: the name.</summary>
    public string OpaqueName { get; set; } = "";

    public string Denotation { get; set; } = "";

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1 or 4 or 5 or 7 or 8 or 9: MergeForm((OnnxTypeKind)reader.Field, reader.Message()); break;
                case 6: Denotation = reader.Documentation(); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        bool afterDenotation = (int)Kind > 6;
        if (afterDenotation)
        {
            writer.Text(6, Denotation);
        }

        if (Kind != OnnxTypeKind.Undefined)
        {
            writer.Message((int)Kind, new Form(this));
        }

        if (!afterDenotation)
        {
            writer.Text(6, Denotation);
        }
    }

    public override string ToString() => Kind switch
    {
        OnnxTypeKind.Tensor => $"{ElementType.Name()}{Shape?.ToString() ?? "[…]"}",
        OnnxTypeKind.SparseTensor => $"sparse {ElementType.Name()}{Shape?.ToString() ?? "[…]"}",
        OnnxTypeKind.Sequence => $"sequence({Element})",
        OnnxTypeKind.Optional => $"optional({Element})",
        OnnxTypeKind.Map => $"map({KeyType.Name()}, {Element})",
        OnnxTypeKind.Opaque => $"opaque({OpaqueDomain}.{OpaqueName})",
        _ => "?",
    };

    private void MergeForm(OnnxTypeKind kind, ProtobufReader reader)
    {
        if (Kind != kind)
        {
            // The forms exclude each other; the last one counts.
            (Kind, ElementType, Shape, Element, KeyType, OpaqueDomain, OpaqueName) = (kind, default, null, null, default, "", "");
        }

        while (reader.NextField())
        {
            switch (kind, reader.Field)
            {
                case (OnnxTypeKind.Tensor or OnnxTypeKind.SparseTensor, 1): ElementType = (DataType)reader.Int32(); break;
                case (OnnxTypeKind.Tensor or OnnxTypeKind.SparseTensor, 2): Shape = reader.Message(Shape); break;
                case (OnnxTypeKind.Sequence or OnnxTypeKind.Optional, 1): Element = reader.Message(Element); break;
                case (OnnxTypeKind.Map, 1): KeyType = (DataType)reader.Int32(); break;
                case (OnnxTypeKind.Map, 2): Element = reader.Message(Element); break;
                case (OnnxTypeKind.Opaque, 1): OpaqueDomain = reader.Text(); break;
                case (OnnxTypeKind.Opaque, 2): OpaqueName = reader.Text(); break;
                default: reader.Skip(); break;
            }
        }
    }

    /// <summary>The message inside the message.</summary>
    private sealed class Form(OnnxTypeProto type) : IOnnxMessage
    {
        public void Merge(ProtobufReader reader) => type.MergeForm(type.Kind, reader);

        public void Write(ProtobufWriter writer)
        {
            switch (type.Kind)
            {
                case OnnxTypeKind.Tensor or OnnxTypeKind.SparseTensor:
                    writer.Int64(1, (int)type.ElementType);
                    writer.Message(2, type.Shape);
                    break;
                case OnnxTypeKind.Map:
                    writer.Int64(1, (int)type.KeyType);
                    writer.Message(2, type.Element);
                    break;
                case OnnxTypeKind.Opaque:
                    writer.Text(1, type.OpaqueDomain);
                    writer.Text(2, type.OpaqueName);
                    break;
                default:
                    writer.Message(1, type.Element);
                    break;
            }
        }
    }
}
