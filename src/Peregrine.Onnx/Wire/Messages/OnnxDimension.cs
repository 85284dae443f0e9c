using System.Globalization;

namespace Peregrine.Onnx.Wire;

/// <summary>ONNX's TensorShapeProto.Dimension: a number, a name, or nothing known.</summary>
public sealed class OnnxDimension : IOnnxMessage
{
    /// <summary>The size, if it is a number. Files from strangers may hold a negative one.</summary>
    public long? Value { get; set; }

    /// <summary>The symbol, if it is a name; else empty.</summary>
    public string Parameter { get; set; } = "";

    public string Denotation { get; set; } = "";

    public void Merge(ProtobufReader reader)
    {
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1: (Value, Parameter) = (reader.Int64(), ""); break;
                case 2: (Value, Parameter) = (null, reader.Text()); break;
                case 3: Denotation = reader.Documentation(); break;
                default: reader.Skip(); break;
            }
        }
    }

    public void Write(ProtobufWriter writer)
    {
        if (Value is { } value)
        {
            writer.Int64Always(1, value);
        }

        writer.Text(2, Parameter);
        writer.Text(3, Denotation);
    }

    public override string ToString() => Value?.ToString(CultureInfo.InvariantCulture) ?? (Parameter.Length > 0 ? Parameter : "?");
}
