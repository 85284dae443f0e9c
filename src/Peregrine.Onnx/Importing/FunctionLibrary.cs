using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Importing;

/// <summary>Domain, name and overload of a model-local function.</summary>
internal readonly record struct FunctionKey(string Domain, string Name, string Overload)
{
    public static FunctionKey Of(OnnxFunctionProto function) => new(OpsetTable.Normalize(function.Domain), function.Name, function.Overload);

    public static FunctionKey Of(OnnxNodeProto node) => new(OpsetTable.Normalize(node.Domain), node.OperatorType, node.Overload);

    public override string ToString() => $"{(Domain.Length == 0 ? "ai.onnx" : Domain)}.{Name}{(Overload.Length == 0 ? "" : $":{Overload}")}";
}

/// <summary>
/// The model-local functions, checked before anything is inlined: no recursion, and no expansion to more than <see cref="MaxNodes"/> nodes. Where a function bears the
/// name of a standard operator, the function counts: the model says what it means.
/// </summary>
internal sealed class FunctionLibrary
{
    /// <summary>The most nodes that one model may become by inlining.</summary>
    public const long MaxNodes = 1_000_000;

    private readonly Dictionary<FunctionKey, OnnxFunctionProto> _functions = [];
    private readonly Dictionary<FunctionKey, long> _sizes = [];
    private readonly DiagnosticBag _diagnostics;
    private long _expanded;

    public FunctionLibrary(IReadOnlyList<OnnxFunctionProto> functions, DiagnosticBag diagnostics)
    {
        _diagnostics = diagnostics;
        foreach (OnnxFunctionProto function in functions)
        {
            if (!_functions.TryAdd(FunctionKey.Of(function), function))
            {
                diagnostics.Error("PG2040", $"The function {FunctionKey.Of(function)} is defined twice.", suggestion: "Give one of them another name or overload.");
            }
        }
    }

    /// <summary>The function that a node calls, or null.</summary>
    public OnnxFunctionProto? Find(OnnxNodeProto node) => _functions.Count == 0 ? null : _functions.GetValueOrDefault(FunctionKey.Of(node));

    /// <summary>Whether the function may be inlined for this node. A function that contains itself, or whose expansion is too large, is reported at the call.</summary>
    public bool CanInline(OnnxFunctionProto function, string node, bool isOutermost)
    {
        FunctionKey key = FunctionKey.Of(function);
        long size = Size(key, function, []);
        if (size < 0)
        {
            return false;
        }

        // Inner calls are part of the outermost one's size.
        _expanded += isOutermost ? size : 0;
        if (_expanded <= MaxNodes)
        {
            return true;
        }

        _diagnostics.Error("PG2042", $"\"{node}\": with the function {key} ({size} nodes) the model grows beyond {MaxNodes} nodes.", suggestion: "Functions that call each other repeatedly grow exponentially; simplify them.");
        _expanded -= size;
        return false;
    }

    /// <summary>Nodes after full expansion, cut off above <see cref="MaxNodes"/>; −1 if the function cannot be expanded.</summary>
    private long Size(FunctionKey key, OnnxFunctionProto function, List<FunctionKey> calls)
    {
        if (_sizes.TryGetValue(key, out long known))
        {
            return known;
        }

        if (calls.Contains(key) || calls.Count >= ImportEnvironment.MaxDepth)
        {
            string path = string.Join(" → ", calls.Skip(Math.Max(0, calls.IndexOf(key))).Take(10).Append(key));
            _diagnostics.Error("PG2041", calls.Contains(key) ? $"The function {key} calls itself: {path}." : $"Functions are nested more than {ImportEnvironment.MaxDepth} deep: {path}.", suggestion: "ONNX allows no recursive functions; use Loop.");
            foreach (FunctionKey caller in calls)
            {
                _sizes[caller] = -1;
            }

            return _sizes[key] = -1;
        }

        calls.Add(key);
        long size = Size(function.Nodes, calls);
        calls.RemoveAt(calls.Count - 1);
        return _sizes.TryGetValue(key, out long failed) ? failed : _sizes[key] = size;
    }

    private long Size(IReadOnlyList<OnnxNodeProto> nodes, List<FunctionKey> calls)
    {
        long size = 0;
        foreach (OnnxNodeProto node in nodes)
        {
            size++;
            if (Find(node) is { } callee)
            {
                size += Math.Max(0, Size(FunctionKey.Of(callee), callee, calls));
            }

            foreach (OnnxGraphProto body in node.Attributes.Where(a => a.Graph is not null).Select(a => a.Graph!))
            {
                size += Size(body.Nodes, calls);
            }

            size = Math.Min(size, MaxNodes + 1);
        }

        return size;
    }
}
