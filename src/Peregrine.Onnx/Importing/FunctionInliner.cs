using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Importing;

/// <summary>Puts the body of a model-local function in the place of a call. Names of nodes and inner values begin with the calling node's name and a slash.</summary>
internal sealed class FunctionInliner(ImportContext context, GraphBuilder builder, ImportEnvironment caller)
{
    private static readonly Dictionary<string, OnnxTypeProto> NothingDeclared = [];

    /// <summary>The call's outputs; null if the function cannot be inlined, which is reported.</summary>
    public IReadOnlyList<Binding>? Inline(OnnxFunctionProto function, OnnxNodeProto call, string name, Value?[] arguments)
    {
        FunctionKey key = FunctionKey.Of(function);
        if (caller.Depth >= ImportEnvironment.MaxDepth)
        {
            context.Diagnostics.Error("PG2034", $"The call \"{name}\" of {key} is nested more than {ImportEnvironment.MaxDepth} deep.", suggestion: "Simplify the model's functions.");
            return null;
        }

        if (!context.Functions.CanInline(function, name, isOutermost: caller.Prefix.Length == 0))
        {
            return null;
        }

        if (arguments.Length > function.Inputs.Count || call.Outputs.Count > function.Outputs.Count)
        {
            context.Diagnostics.Error("PG2044", $"\"{name}\" calls {key} with {arguments.Length} inputs and {call.Outputs.Count} outputs, but it has {function.Inputs.Count} and {function.Outputs.Count}.", suggestion: "The exporter is at fault.");
            return null;
        }

        if (Attributes(function, call, key, name) is not { } attributes)
        {
            return null;
        }

        NameScope scope = new();
        for (int i = 0; i < function.Inputs.Count; i++)
        {
            Binding binding = i < arguments.Length && arguments[i] is { } argument ? new Binding.Known(argument) : Binding.Absent;
            if (!scope.TryBind(function.Inputs[i], binding))
            {
                context.Diagnostics.Error("PG2033", $"The function {key} has two inputs \"{function.Inputs[i]}\".", suggestion: "Every name may be defined only once; rename one of them.");
                return null;
            }
        }

        Dictionary<string, long> opsets = OpsetTable.OfFunction(function, caller.Opsets, context.Diagnostics);
        ImportEnvironment environment = new(opsets, attributes, $"{name}/", caller.Depth + 1);
        BlockImporter block = new(context, builder, scope, environment);
        block.Import(function.Nodes, $"function {key}", NothingDeclared);

        List<Binding> outputs = [];
        for (int i = 0; i < call.Outputs.Count; i++)
        {
            if (call.Outputs[i].Length == 0 || !block.TryResolve(function.Outputs[i], $"The list of outputs of function {key}", out Value? value) || value is null)
            {
                outputs.Add(Binding.Broken);
                continue;
            }

            if (value.Producer is not null && value.Name == environment.Prefix + function.Outputs[i])
            {
                builder.Rename(value, caller.Prefix + call.Outputs[i]);
            }

            outputs.Add(new Binding.Known(value));
        }

        return outputs;
    }

    /// <summary>The function's attributes: the call's, else the defaults. One without either may stay absent.</summary>
    private Dictionary<string, OnnxAttributeProto>? Attributes(OnnxFunctionProto function, OnnxNodeProto call, FunctionKey key, string name)
    {
        Dictionary<string, OnnxAttributeProto> attributes = new(StringComparer.Ordinal);
        foreach (OnnxAttributeProto attribute in function.AttributeDefaults)
        {
            attributes[attribute.Name] = attribute;
        }

        HashSet<string> known = [.. function.AttributeNames, .. attributes.Keys];
        foreach (OnnxAttributeProto attribute in new AttributeImporter(context, caller).Resolve(call))
        {
            if (!known.Contains(attribute.Name))
            {
                context.Diagnostics.Warning("PG2045", $"\"{name}\": the function {key} has no attribute \"{attribute.Name}\"; it is ignored.");
            }

            attributes[attribute.Name] = attribute;
        }

        return attributes;
    }
}
