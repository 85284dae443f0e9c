using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.Onnx;

/// <summary>Files that hold one value in ONNX's format: TensorProto, SequenceProto, MapProto or OptionalProto. The file does not say which; the type does.</summary>
public static class OnnxValueFile
{
    /// <summary>A <see cref="Tensor"/>, <see cref="TensorSequence"/>, <see cref="TensorMap"/> or <see cref="OptionalValue"/>, as <paramref name="type"/> demands. A tensor's elements are not copied.</summary>
    /// <exception cref="ModelException">PG1010 and following: the file is missing, damaged or holds something else.</exception>
    public static object Read(string path, IrType type)
    {
        OnnxFile file = OnnxFile.Open(path);
        return type switch
        {
            SequenceType => file.ReadSequence(),
            OptionalType => file.ReadOptional(),
            MapType => file.ReadMap(),
            _ => file.ReadTensor(),
        };
    }

    /// <summary>Writes a value; the file is either whole or untouched.</summary>
    /// <exception cref="ModelException">PG1036: it cannot be written.</exception>
    public static void Write(string path, object value, string name = "") => OnnxFile.Save(path, value switch
    {
        Tensor tensor => TensorEncoder.Encode(tensor, name),
        TensorSequence sequence => TensorEncoder.Encode(sequence, name),
        TensorMap map => TensorEncoder.Encode(map, name),
        OptionalValue optional => TensorEncoder.Encode(optional, name),
        _ => throw new ArgumentException($"{value.GetType()} is no value of a graph.", nameof(value)),
    });
}
