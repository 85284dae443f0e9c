namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's ValueInfoProto: a value's name and type.</summary>
public sealed class OnnxValueInfoProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    /// <summary>Null if the type is not told.</summary>
    public OnnxTypeProto? Type { get; set; }

    public string Documentation { get; set; } = "";

    public IReadOnlyList<OnnxProperty> Metadata { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Name = reader.Text(); break;
                case 2: Type = reader.Message(Type); break;
                case 3: Documentation = reader.Documentation(); break;
                case 4: Metadata = reader.Append(Metadata); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Text(1, Name);
        writer.Message(2, Type);
        writer.Text(3, Documentation);
        writer.Messages(4, Metadata);
    }

    public override string ToString() => $"{Name}: {Type}";
}
