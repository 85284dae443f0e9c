namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's StringStringEntryProto: one entry of a map.</summary>
public sealed class OnnxProperty : IOnnxMessage
{
    public string Key { get; set; } = "";

    public string Value { get; set; } = "";

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Key = reader.Text(); break;
                case 2: Value = reader.Text(); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Text(1, Key);
        writer.Text(2, Value);
    }

    public override string ToString() => $"{Key}={Value}";
}
