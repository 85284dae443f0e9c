namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's FunctionProto: a model-local function, called by nodes of its domain, name and overload.</summary>
public sealed class OnnxFunctionProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    public string Domain { get; set; } = "";

    public string Overload { get; set; } = "";

    public IReadOnlyList<string> Inputs { get; set; } = [];

    public IReadOnlyList<string> Outputs { get; set; } = [];

    /// <summary>Names of attributes without a default.</summary>
    public IReadOnlyList<string> AttributeNames { get; set; } = [];

    /// <summary>Attributes with their defaults.</summary>
    public IReadOnlyList<OnnxAttributeProto> AttributeDefaults { get; set; } = [];

    public IReadOnlyList<OnnxNodeProto> Nodes { get; set; } = [];

    /// <summary>The operator sets that the body's nodes mean.</summary>
    public IReadOnlyList<OnnxOperatorSet> OperatorSets { get; set; } = [];

    public IReadOnlyList<OnnxValueInfoProto> ValueInfos { get; set; } = [];

    public string Documentation { get; set; } = "";

    public IReadOnlyList<OnnxProperty> Metadata { get; set; } = [];

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Name = reader.Text(); break;
                case 4: Inputs = ProtobufReader.Append(Inputs, reader.Text()); break;
                case 5: Outputs = ProtobufReader.Append(Outputs, reader.Text()); break;
                case 6: AttributeNames = ProtobufReader.Append(AttributeNames, reader.Text()); break;
                case 7: Nodes = reader.Append(Nodes); break;
                case 8: Documentation = reader.Documentation(); break;
                case 9: OperatorSets = reader.Append(OperatorSets); break;
                case 10: Domain = reader.Text(); break;
                case 11: AttributeDefaults = reader.Append(AttributeDefaults); break;
                case 12: ValueInfos = reader.Append(ValueInfos); break;
                case 13: Overload = reader.Text(); break;
                case 14: Metadata = reader.Append(Metadata); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Text(1, Name);
        writer.Texts(4, Inputs);
        writer.Texts(5, Outputs);
        writer.Texts(6, AttributeNames);
        writer.Messages(7, Nodes);
        writer.Text(8, Documentation);
        writer.Messages(9, OperatorSets);
        writer.Text(10, Domain);
        writer.Messages(11, AttributeDefaults);
        writer.Messages(12, ValueInfos);
        writer.Text(13, Overload);
        writer.Messages(14, Metadata);
    }

    public override string ToString() => $"function {Domain}.{Name}";
}
