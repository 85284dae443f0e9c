namespace Peregrine.Onnx.Wire;

/// <summary>A protobuf message of the ONNX format.</summary>
public interface IOnnxMessage
{
    /// <summary>Reads the fields that the reader holds into this object. As protobuf has it, a later single value replaces an earlier one, repeated values are appended, unknown fields are skipped.</summary>
    /// <exception cref="Diagnostics.ModelException">The bytes are not such a message.</exception>
    void Merge(ProtobufReader reader);

    /// <summary>Writes the fields in ascending order of their numbers, leaving out those that have their default value.</summary>
    void Write(ProtobufWriter writer);
}
