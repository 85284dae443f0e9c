using Peregrine.Onnx;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.Conformance;

/// <summary>
/// Makes constants of a case's inputs. ONNX's cases feed weights, biases and scales as inputs, while networks hold them as constants, which backends fold, pack and specialise kernels to.
/// </summary>
internal static class ConstantInputs
{
    /// <summary>The model with all tensors among its inputs but the first as constants.</summary>
    /// <param name="inputs">The model's inputs by name, with their values for one set of data.</param>
    /// <returns>The model, and the numbers of the inputs that it still has; null if nothing can be made constant.</returns>
    public static (OnnxModel Model, IReadOnlyList<int> Kept)? Of(OnnxModel model, IReadOnlyList<(string Name, object? Value)> inputs)
    {
        List<int> kept = [.. Enumerable.Range(0, inputs.Count).Where(i => i == 0 || inputs[i].Value is not Tensor)];
        if (kept.Count == inputs.Count)
        {
            return null;
        }

        OnnxModelProto proto = model.Proto;
        OnnxGraphProto graph = proto.Graph!;
        IEnumerable<OnnxTensorProto> constants = inputs.Where((_, i) => !kept.Contains(i)).Select(input => TensorEncoder.Encode((Tensor)input.Value!, input.Name));
        OnnxModelProto constant = new()
        {
            IrVersion = proto.IrVersion, OperatorSets = proto.OperatorSets, Functions = proto.Functions, Metadata = proto.Metadata,
            Graph = new()
            {
                // An input that is an initializer too is none.
                Name = graph.Name, Nodes = graph.Nodes, Inputs = graph.Inputs, Outputs = graph.Outputs, ValueInfos = graph.ValueInfos, SparseInitializers = graph.SparseInitializers,
                Initializers = [.. graph.Initializers, .. constants],
            },
        };
        byte[] bytes = ProtobufWriter.ToBytes(constant);
        GC.KeepAlive(model);
        return (OnnxModel.Load(bytes, model.Name, Path.GetDirectoryName(Path.GetFullPath(model.Name))), kept);
    }
}
