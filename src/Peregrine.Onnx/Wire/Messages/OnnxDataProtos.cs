using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>What a sequence or optional holds, numbered as in ONNX's SequenceProto.DataType.</summary>
public enum OnnxDataKind
{
    Undefined = 0,
    Tensor = 1,
    SparseTensor = 2,
    Sequence = 3,
    Map = 4,
    Optional = 5,
}

/// <summary>ONNX's SequenceProto: the value of a sequence, in files of test data.</summary>
public sealed class OnnxSequenceProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    /// <summary>Which of the lists counts.</summary>
    public OnnxDataKind ElementKind { get; set; }

    public IReadOnlyList<OnnxTensorProto> Tensors { get; set; } = [];

    public IReadOnlyList<OnnxSparseTensorProto> SparseTensors { get; set; } = [];

    public IReadOnlyList<OnnxSequenceProto> Sequences { get; set; } = [];

    public IReadOnlyList<OnnxMapProto> Maps { get; set; } = [];

    public IReadOnlyList<OnnxOptionalProto> Optionals { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Name = reader.Text(); break;
                case 2: ElementKind = (OnnxDataKind)reader.Int32(); break;
                case 3: Tensors = reader.Append(Tensors); break;
                case 4: SparseTensors = reader.Append(SparseTensors); break;
                case 5: Sequences = reader.Append(Sequences); break;
                case 6: Maps = reader.Append(Maps); break;
                case 7: Optionals = reader.Append(Optionals); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Text(1, Name);
        writer.Int64(2, (int)ElementKind);
        writer.Messages(3, Tensors);
        writer.Messages(4, SparseTensors);
        writer.Messages(5, Sequences);
        writer.Messages(6, Maps);
        writer.Messages(7, Optionals);
    }
}

/// <summary>ONNX's OptionalProto: the value of an optional, in files of test data.</summary>
public sealed class OnnxOptionalProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    /// <summary>Which of the values counts; undefined if there is none.</summary>
    public OnnxDataKind ElementKind { get; set; }

    public OnnxTensorProto? Tensor { get; set; }

    public OnnxSparseTensorProto? SparseTensor { get; set; }

    public OnnxSequenceProto? Sequence { get; set; }

    public OnnxMapProto? Map { get; set; }

    public OnnxOptionalProto? Optional { get; set; }

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Name = reader.Text(); break;
                case 2: ElementKind = (OnnxDataKind)reader.Int32(); break;
                case 3: Tensor = reader.Message(Tensor); break;
                case 4: SparseTensor = reader.Message(SparseTensor); break;
                case 5: Sequence = reader.Message(Sequence); break;
                case 6: Map = reader.Message(Map); break;
                case 7: Optional = reader.Message(Optional); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Text(1, Name);
        writer.Int64(2, (int)ElementKind);
        writer.Message(3, Tensor);
        writer.Message(4, SparseTensor);
        writer.Message(5, Sequence);
        writer.Message(6, Map);
        writer.Message(7, Optional);
    }
}

/// <summary>ONNX's MapProto: the value of a map, in files of test data.</summary>
public sealed class OnnxMapProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    public DataType KeyType { get; set; }

    /// <summary>The keys, if they are integers.</summary>
    public Ints Keys { get; set; }

    /// <summary>The keys, if they are strings (UTF-8).</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> StringKeys { get; set; } = [];

    /// <summary>As many values as keys.</summary>
    public OnnxSequenceProto? Values { get; set; }

    public void Merge(ProtobufReader reader)
    {
        List<long>? keys = null;
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Name = reader.Text(); break;
                case 2: KeyType = (DataType)reader.Int32(); break;
                case 3: reader.Int64s(ref keys); break;
                case 4: StringKeys = ProtobufReader.Append(StringKeys, (ReadOnlyMemory<byte>)reader.Blob()); break;
                case 5: Values = reader.Message(Values); break;
                default: reader.Skip(); break;
            }
        }

        Keys = keys is null ? Keys : Ints.From(Keys.Concat(keys));
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Text(1, Name);
        writer.Int64(2, (int)KeyType);
        writer.Int64s(3, Keys.AsSpan());
        writer.Blobs(4, StringKeys);
        writer.Message(5, Values);
    }
}
