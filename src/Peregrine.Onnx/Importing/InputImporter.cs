using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Symbolics;

namespace Peregrine.Onnx.Importing;

/// <summary>
/// The main graph's inputs: a dimension's name is a symbol (one name, one symbol), a dimension of which nothing is known becomes the symbol <c>INPUT.AXIS</c>,
/// and shapes that the caller fixes replace both. An input that is an initializer too is none: it is a constant.
/// </summary>
internal sealed class InputImporter(ImportContext context, GraphBuilder builder, NameScope scope)
{
    private readonly DiagnosticBag _diagnostics = context.Diagnostics;

    public void Import(OnnxGraphProto graph)
    {
        HashSet<string> constants = [.. graph.Initializers.Select(t => t.Name), .. graph.SparseInitializers.Select(t => t.Name)];
        List<(string Name, IrType Type)> inputs = [];
        foreach (OnnxValueInfoProto input in graph.Inputs.Where(i => !constants.Contains(i.Name)))
        {
            string where = $"Input \"{input.Name}\"";
            IrType? type = null;
            if (input.Name.Length == 0)
            {
                _diagnostics.Error("PG2035", "An input of the model has no name.", suggestion: "The exporter is at fault.");
            }
            else if (input.Type is null or { Kind: OnnxTypeKind.Undefined })
            {
                _diagnostics.Error("PG2056", $"{where} has no type.", suggestion: "Export the model again with types of inputs.");
            }
            else
            {
                type = TypeImporter.Import(input.Type, where, (axis, d) => Dim.Symbol(d.Parameter.Length > 0 ? d.Parameter : string.Create(CultureInfo.InvariantCulture, $"{input.Name}.{axis}")), _diagnostics);
            }

            if (type is not null)
            {
                inputs.Add((input.Name, type));
            }
            else
            {
                scope.TryBind(input.Name, Binding.Broken);
            }
        }

        Dictionary<string, (long Value, string Input)> fixedSymbols = new(StringComparer.Ordinal);
        CheckOverrides(inputs, fixedSymbols);
        foreach ((string name, IrType type) in inputs)
        {
            Value value = builder.Input(name, Fix(name, type, fixedSymbols));
            if (!scope.TryBind(name, new Binding.Known(value)))
            {
                _diagnostics.Error("PG2033", $"The model has two inputs \"{name}\".", suggestion: "Every name may be defined only once; rename one of them.");
            }
        }
    }

    private void CheckOverrides(List<(string Name, IrType Type)> inputs, Dictionary<string, (long Value, string Input)> fixedSymbols)
    {
        foreach ((string name, IReadOnlyList<long> dims) in context.Options.Shapes.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            IrType? type = inputs.Find(i => i.Name == name).Type;
            string shape = string.Join('x', dims);
            if (type is not TensorType tensor)
            {
                _diagnostics.Error("PG2060", type is null ? $"A shape is given for \"{name}\", which is no input of the model." : $"A shape is given for \"{name}\", which is {type}, no tensor.", suggestion: $"The inputs are {string.Join(", ", inputs.Select(i => $"{i.Name}: {i.Type}"))}.");
            }
            else if (dims.Any(d => d < 0) || (tensor.Shape.IsRanked && tensor.Shape.Rank != dims.Count))
            {
                _diagnostics.Error("PG2061", $"The shape {shape} does not fit input \"{name}\" of type {tensor}.", suggestion: "Give one extent of at least 0 per dimension, such as 1x3x224x224.");
            }
            else
            {
                CheckDims(name, shape, tensor, dims, fixedSymbols);
            }
        }
    }

    private void CheckDims(string name, string shape, TensorType tensor, IReadOnlyList<long> dims, Dictionary<string, (long Value, string Input)> fixedSymbols)
    {
        for (int axis = 0; tensor.Shape.IsRanked && axis < dims.Count; axis++)
        {
            if (tensor.Shape[axis] is { IsConstant: true } known)
            {
                if (known.Constant != dims[axis])
                {
                    _diagnostics.Error("PG2062", $"The shape {shape} does not fit input \"{name}\" of type {tensor}: axis {axis} is fixed.", suggestion: "Only dimensions with a name, or unknown ones, can be given.");
                }
            }
            else if (tensor.Shape[axis].SymbolName is { } symbol && !fixedSymbols.TryAdd(symbol, (dims[axis], name)) && fixedSymbols[symbol].Value != dims[axis])
            {
                _diagnostics.Error("PG2063", $"The shape {shape} of input \"{name}\" sets \"{symbol}\" to {dims[axis]}, but input \"{fixedSymbols[symbol].Input}\" sets it to {fixedSymbols[symbol].Value}.", suggestion: "Dimensions of one name must be equal.");
            }
        }
    }

    private IrType Fix(string name, IrType type, Dictionary<string, (long Value, string Input)> fixedSymbols) => type switch
    {
        TensorType { Shape.IsRanked: false } tensor when context.Options.Shapes.TryGetValue(name, out IReadOnlyList<long>? dims) && dims.All(d => d >= 0) => tensor with { Shape = Shape.Of([.. dims]) },
        TensorType tensor => tensor with { Shape = tensor.Shape.Substitute(s => fixedSymbols.TryGetValue(s, out (long Value, string) found) ? found.Value : null) },
        SequenceType sequence => new SequenceType(Fix("", sequence.Element, fixedSymbols)),
        OptionalType optional => new OptionalType(Fix("", optional.Element, fixedSymbols)),
        _ => type,
    };
}
