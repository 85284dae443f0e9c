using Peregrine.OnnxRuntimePeer;
using Peregrine.Tensors;

namespace Peregrine.TestKit.OnnxRuntime;

/// <summary>Tensors in the peer's protocol. The element types have ONNX's numbers on both sides.</summary>
internal static class TensorWire
{
    private const int MostValues = 1_000_000, TensorKind = 1;

    public static void WriteSet(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Wire.WriteInt32(stream, tensors.Count);
        foreach ((string name, Tensor tensor) in tensors)
        {
            Wire.WriteText(stream, name);
            Wire.WriteInt32(stream, (int)tensor.Type);
            Wire.WriteDims(stream, tensor.Dims);
            if (tensor.Type == DataType.String)
            {
                Wire.WriteInt64(stream, tensor.Strings.Length);
                Array.ForEach(tensor.Strings, s => Wire.WriteText(stream, s));
            }
            else
            {
                Wire.WriteInt64(stream, tensor.Data.Length);
                stream.Write(tensor.Data.Span);
            }
        }
    }

    public static Dictionary<string, Tensor> ReadSet(Stream stream)
    {
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        for (int rest = Wire.ReadCount(stream, MostValues); rest > 0; rest--)
        {
            tensors.Add(Wire.ReadText(stream), ReadTensor(stream));
        }

        return tensors;
    }

    public static IReadOnlyList<OnnxRuntimePort> ReadPorts(Stream stream)
    {
        OnnxRuntimePort[] ports = new OnnxRuntimePort[Wire.ReadCount(stream, MostValues)];
        for (int i = 0; i < ports.Length; i++)
        {
            string name = Wire.ReadText(stream);
            bool isTensor = Wire.ReadInt32(stream) == TensorKind;
            ports[i] = new(name, isTensor, (DataType)Wire.ReadInt32(stream), Ints.From(Wire.ReadDims(stream)));
        }

        return ports;
    }

    private static Tensor ReadTensor(Stream stream)
    {
        DataType type = (DataType)Wire.ReadInt32(stream);
        Tensor tensor = Tensor.Allocate(type, Wire.ReadDims(stream));
        long count = Wire.ReadInt64(stream), expected = type == DataType.String ? tensor.Length : tensor.Data.Length;
        if (count != expected)
        {
            throw new InvalidDataException($"{tensor} comes with {count} bytes or strings instead of {expected}.");
        }

        if (type == DataType.String)
        {
            for (int i = 0; i < tensor.Strings.Length; i++)
            {
                tensor.Strings[i] = Wire.ReadText(stream);
            }
        }
        else
        {
            stream.ReadExactly(tensor.Data.Span);
        }

        return tensor;
    }
}
