namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's NodeProto: one call of an operator or of a model-local function.</summary>
public sealed class OnnxNodeProto : IOnnxMessage
{
    public string Name { get; set; } = "";

    public string OperatorType { get; set; } = "";

    /// <summary>Empty (or <c>ai.onnx</c>) is the standard's own domain.</summary>
    public string Domain { get; set; } = "";

    /// <summary>Tells apart model-local functions of one domain and name.</summary>
    public string Overload { get; set; } = "";

    /// <summary>Names of values; an empty name is an input left out.</summary>
    public IReadOnlyList<string> Inputs { get; set; } = [];

    /// <summary>Names of values; an empty name is an output that nobody wants.</summary>
    public IReadOnlyList<string> Outputs { get; set; } = [];

    public IReadOnlyList<OnnxAttributeProto> Attributes { get; set; } = [];

    public string Documentation { get; set; } = "";

    public IReadOnlyList<OnnxProperty> Metadata { get; set; } = [];

    /// <summary>The attribute of that name, or null.</summary>
    public OnnxAttributeProto? Attribute(string name) => Attributes.FirstOrDefault(a => a.Name == name);

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: Inputs = ProtobufReader.Append(Inputs, reader.Text()); break;
                case 2: Outputs = ProtobufReader.Append(Outputs, reader.Text()); break;
                case 3: Name = reader.Text(); break;
                case 4: OperatorType = reader.Text(); break;
                case 5: Attributes = reader.Append(Attributes); break;
                case 6: Documentation = reader.Documentation(); break;
                case 7: Domain = reader.Text(); break;
                case 8: Overload = reader.Text(); break;
                case 9: Metadata = reader.Append(Metadata); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        writer.Texts(1, Inputs);
        writer.Texts(2, Outputs);
        writer.Text(3, Name);
        writer.Text(4, OperatorType);
        writer.Messages(5, Attributes);
        writer.Text(6, Documentation);
        writer.Text(7, Domain);
        writer.Text(8, Overload);
        writer.Messages(9, Metadata);
    }

    public override string ToString() => $"{OperatorType} \"{Name}\"";
}
