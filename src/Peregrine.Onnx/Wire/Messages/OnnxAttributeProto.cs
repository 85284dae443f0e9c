using System.Text;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>The kinds of attributes, numbered as in ONNX's AttributeProto.AttributeType.</summary>
public enum OnnxAttributeKind
{
    Undefined = 0,
    Float = 1,
    Int = 2,
    String = 3,
    Tensor = 4,
    Graph = 5,
    Floats = 6,
    Ints = 7,
    Strings = 8,
    Tensors = 9,
    Graphs = 10,
    SparseTensor = 11,
    SparseTensors = 12,
    Type = 13,
    Types = 14,
}

/// <summary>ONNX's AttributeProto: a named value of one of the <see cref="OnnxAttributeKind"/>s, or, inside a function, a reference to one of its attributes.</summary>
public sealed class OnnxAttributeProto : IOnnxMessage
{
    private OnnxAttributeKind _scalar;

    public string Name { get; set; } = "";

    /// <summary>The name of the enclosing function's attribute whose value this one takes; empty for an attribute with a value of its own.</summary>
    public string ReferenceName { get; set; } = "";

    public string Documentation { get; set; } = "";

    /// <summary>What the file says; files of IR version 1 say nothing. <see cref="Kind"/> is the one to use.</summary>
    public OnnxAttributeKind DeclaredKind { get; set; }

    /// <summary>Which property holds the value: the declared kind, or else the property that is filled.</summary>
    public OnnxAttributeKind Kind => DeclaredKind != OnnxAttributeKind.Undefined ? DeclaredKind : FilledKind();

    public float Float { get; set; }

    public long Int { get; set; }

    /// <summary>A text (UTF-8) or bytes.</summary>
    public ReadOnlyMemory<byte> StringBytes { get; set; }

    /// <summary><see cref="StringBytes"/> as text; what is not UTF-8 is replaced.</summary>
    public string String => Encoding.UTF8.GetString(StringBytes.Span);

    public OnnxTensorProto? Tensor { get; set; }

    public OnnxGraphProto? Graph { get; set; }

    public OnnxSparseTensorProto? SparseTensor { get; set; }

    public OnnxTypeProto? Type { get; set; }

    public Floats Floats { get; set; }

    public Ints Ints { get; set; }

    /// <summary>Texts (UTF-8) or bytes.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> StringsBytes { get; set; } = [];

    /// <summary><see cref="StringsBytes"/> as texts; what is not UTF-8 is replaced.</summary>
    public Texts Strings => Texts.From(StringsBytes.Select(s => Encoding.UTF8.GetString(s.Span)));

    public IReadOnlyList<OnnxTensorProto> Tensors { get; set; } = [];

    public IReadOnlyList<OnnxGraphProto> Graphs { get; set; } = [];

    public IReadOnlyList<OnnxSparseTensorProto> SparseTensors { get; set; } = [];

    public IReadOnlyList<OnnxTypeProto> Types { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        List<float>? floats = null;
        List<long>? ints = null;
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Name = reader.Text(); break;
                case 2: (Float, _scalar) = (reader.Float(), OnnxAttributeKind.Float); break;
                case 3: (Int, _scalar) = (reader.Int64(), OnnxAttributeKind.Int); break;
                case 4: (StringBytes, _scalar) = (reader.Blob(), OnnxAttributeKind.String); break;
                case 5: Tensor = reader.Message(Tensor); break;
                case 6: Graph = reader.Message(Graph); break;
                case 7: reader.Floats(ref floats); break;
                case 8: reader.Int64s(ref ints); break;
                case 9: StringsBytes = ProtobufReader.Append(StringsBytes, (ReadOnlyMemory<byte>)reader.Blob()); break;
                case 10: Tensors = reader.Append(Tensors); break;
                case 11: Graphs = reader.Append(Graphs); break;
                case 13: Documentation = reader.Documentation(); break;
                case 14: Type = reader.Message(Type); break;
                case 15: Types = reader.Append(Types); break;
                case 20: DeclaredKind = (OnnxAttributeKind)reader.Int32(); break;
                case 21: ReferenceName = reader.Text(); break;
                case 22: SparseTensor = reader.Message(SparseTensor); break;
                case 23: SparseTensors = reader.Append(SparseTensors); break;
                default: reader.Skip(); break;
            }
        }

        Floats = floats is null ? Floats : Floats.From(Floats.Concat(floats));
        Ints = ints is null ? Ints : Ints.From(Ints.Concat(ints));
    }

    public void Write(ProtobufWriter writer)
    {
        OnnxAttributeKind kind = ReferenceName.Length > 0 ? OnnxAttributeKind.Undefined : Kind;
        writer.Text(1, Name);
        if (kind == OnnxAttributeKind.Float)
        {
            writer.FloatAlways(2, Float);
        }

        if (kind == OnnxAttributeKind.Int)
        {
            writer.Int64Always(3, Int);
        }

        if (kind == OnnxAttributeKind.String)
        {
            writer.Blob(4, StringBytes);
        }

        writer.Message(5, Tensor);
        writer.Message(6, Graph);
        writer.Floats(7, Floats.AsSpan());
        writer.Int64s(8, Ints.AsSpan());
        writer.Blobs(9, StringsBytes);
        writer.Messages(10, Tensors);
        writer.Messages(11, Graphs);
        writer.Text(13, Documentation);
        writer.Message(14, Type);
        writer.Messages(15, Types);
        writer.Int64(20, (int)DeclaredKind);
        writer.Text(21, ReferenceName);
        writer.Message(22, SparseTensor);
        writer.Messages(23, SparseTensors);
    }

    public override string ToString() => ReferenceName.Length > 0 ? $"{Name}=@{ReferenceName}" : $"{Name}: {Kind}";

    private OnnxAttributeKind FilledKind() => this switch
    {
        { Tensor: not null } => OnnxAttributeKind.Tensor,
        { Graph: not null } => OnnxAttributeKind.Graph,
        { SparseTensor: not null } => OnnxAttributeKind.SparseTensor,
        { Type: not null } => OnnxAttributeKind.Type,
        { Floats.Count: > 0 } => OnnxAttributeKind.Floats,
        { Ints.Count: > 0 } => OnnxAttributeKind.Ints,
        { StringsBytes.Count: > 0 } => OnnxAttributeKind.Strings,
        { Tensors.Count: > 0 } => OnnxAttributeKind.Tensors,
        { Graphs.Count: > 0 } => OnnxAttributeKind.Graphs,
        { SparseTensors.Count: > 0 } => OnnxAttributeKind.SparseTensors,
        { Types.Count: > 0 } => OnnxAttributeKind.Types,
        _ => _scalar,
    };
}
