namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's OperatorSetIdProto: which version of a domain's operators is meant.</summary>
public sealed class OnnxOperatorSet : IOnnxMessage
{
    /// <summary>Empty (or <c>ai.onnx</c>) is the standard's own domain.</summary>
    public string Domain { get; set; } = "";

    public long Version { get; set; }

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Domain = reader.Text(); break;
                case 2: Version = reader.Int64(); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        // Written even if empty, as ONNX's own tools do.
        writer.TextAlways(1, Domain);
        writer.Int64(2, Version);
    }

    public override string ToString() => $"{(Domain.Length == 0 ? "ai.onnx" : Domain)} {Version}";
}
