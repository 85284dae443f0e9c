namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's TensorShapeProto: a known rank.</summary>
public sealed class OnnxShapeProto : IOnnxMessage
{
    public IReadOnlyList<OnnxDimension> Dims { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Dims = reader.Append(Dims); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer) => writer.Messages(1, Dims);

    public override string ToString() => $"[{string.Join(',', Dims)}]";
}
