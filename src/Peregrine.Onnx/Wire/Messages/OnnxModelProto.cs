namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's ModelProto: the outermost message of a model file. Training information and device configurations are not read.</summary>
public sealed class OnnxModelProto : IOnnxMessage
{
    public long IrVersion { get; set; }

    public string ProducerName { get; set; } = "";

    public string ProducerVersion { get; set; } = "";

    public string Domain { get; set; } = "";

    public long ModelVersion { get; set; }

    public string Documentation { get; set; } = "";

    /// <summary>The main graph; null only in a file that is no complete model.</summary>
    public OnnxGraphProto? Graph { get; set; }

    /// <summary>The operator sets that the model's nodes mean.</summary>
    public IReadOnlyList<OnnxOperatorSet> OperatorSets { get; set; } = [];

    public IReadOnlyList<OnnxProperty> Metadata { get; set; } = [];

    /// <summary>Model-local functions.</summary>
    public IReadOnlyList<OnnxFunctionProto> Functions { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: IrVersion = reader.Int64(); break;
                case 2: ProducerName = reader.Documentation(); break;
                case 3: ProducerVersion = reader.Documentation(); break;
                case 4: Domain = reader.Documentation(); break;
                case 5: ModelVersion = reader.Int64(); break;
                case 6: Documentation = reader.Documentation(); break;
                case 7: Graph = reader.Message(Graph); break;
                case 8: OperatorSets = reader.Append(OperatorSets); break;
                case 14: Metadata = reader.Append(Metadata); break;
                case 25: Functions = reader.Append(Functions); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Int64(1, IrVersion);
        writer.Text(2, ProducerName);
        writer.Text(3, ProducerVersion);
        writer.Text(4, Domain);
        writer.Int64(5, ModelVersion);
        writer.Text(6, Documentation);
        writer.Message(7, Graph);
        writer.Messages(8, OperatorSets);
        writer.Messages(14, Metadata);
        writer.Messages(25, Functions);
    }

    public override string ToString() => $"model {Graph?.Name} (IR {IrVersion}, {string.Join(", ", OperatorSets)})";
}
