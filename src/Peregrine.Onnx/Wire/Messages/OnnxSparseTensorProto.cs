using Peregrine.Tensors;

namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's SparseTensorProto: the non-zero values of a tensor and where they are.</summary>
public sealed class OnnxSparseTensorProto : IOnnxMessage
{
    /// <summary>The values, of shape [N]; its name is the sparse tensor's name.</summary>
    public OnnxTensorProto? Values { get; set; }

    /// <summary>int64, either of shape [N] (positions in row-major order) or [N, rank] (coordinates), ascending.</summary>
    public OnnxTensorProto? Indices { get; set; }

    /// <summary>The shape of the dense tensor.</summary>
    public Ints Dims { get; set; }

    public string Name => Values?.Name ?? "";

    public void Merge(ProtobufReader reader)
    {
        List<long>? dims = null;
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Values = reader.Message(Values); break;
                case 2: Indices = reader.Message(Indices); break;
                case 3: reader.Int64s(ref dims); break;
                default: reader.Skip(); break;
            }
        }

        Dims = dims is null ? Dims : Ints.From(Dims.Concat(dims));
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Message(1, Values);
        writer.Message(2, Indices);
        writer.Int64s(3, Dims.AsSpan());
    }

    public override string ToString() => $"sparse tensor {Name} {Dims}";
}
