namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's GraphProto: the main graph or the body of a control-flow node. Quantization annotations are not read.</summary>
public sealed class OnnxGraphProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    public string Documentation { get; set; } = "";

    /// <summary>In topological order, if the model keeps to the standard.</summary>
    public IReadOnlyList<OnnxNodeProto> Nodes { get; set; } = [];

    public IReadOnlyList<OnnxTensorProto> Initializers { get; set; } = [];

    /// <summary>Each is named by its values' name.</summary>
    public IReadOnlyList<OnnxSparseTensorProto> SparseInitializers { get; set; } = [];

    public IReadOnlyList<OnnxValueInfoProto> Inputs { get; set; } = [];

    public IReadOnlyList<OnnxValueInfoProto> Outputs { get; set; } = [];

    /// <summary>Types of inner values, as far as the exporter told them.</summary>
    public IReadOnlyList<OnnxValueInfoProto> ValueInfos { get; set; } = [];

    public IReadOnlyList<OnnxProperty> Metadata { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Nodes = reader.Append(Nodes); break;
                case 2: Name = reader.Text(); break;
                case 5: Initializers = reader.Append(Initializers); break;
                case 10: Documentation = reader.Documentation(); break;
                case 11: Inputs = reader.Append(Inputs); break;
                case 12: Outputs = reader.Append(Outputs); break;
                case 13: ValueInfos = reader.Append(ValueInfos); break;
                case 15: SparseInitializers = reader.Append(SparseInitializers); break;
                case 16: Metadata = reader.Append(Metadata); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Messages(1, Nodes);
        writer.Text(2, Name);
        writer.Messages(5, Initializers);
        writer.Text(10, Documentation);
        writer.Messages(11, Inputs);
        writer.Messages(12, Outputs);
        writer.Messages(13, ValueInfos);
        writer.Messages(15, SparseInitializers);
        writer.Messages(16, Metadata);
    }

    public override string ToString() => $"graph {Name} ({Nodes.Count} nodes)";
}
