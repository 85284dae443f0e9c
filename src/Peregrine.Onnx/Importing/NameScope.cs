using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Importing;

/// <summary>A tensor of the file that becomes a constant if somebody uses it. Every graph that does shares one <see cref="Constant"/>.</summary>
internal sealed class SourceConstant(string name, Func<Tensor> read)
{
    private Constant? _constant;
    private ModelException? _failure;

    /// <summary>One that another graph has read.</summary>
    public SourceConstant(Constant constant)
        : this(constant.Name, () => constant.Data) => _constant = constant;

    public string Name { get; } = name;

    /// <summary>Reads it once; null after a failure, which is reported once.</summary>
    public Constant? Get(DiagnosticBag diagnostics)
    {
        if (_constant is null && _failure is null)
        {
            try
            {
                _constant = new(Name, read());
            }
            catch (ModelException e)
            {
                _failure = e;
                foreach (Diagnostic diagnostic in e.Diagnostics)
                {
                    diagnostics.Add(diagnostic);
                }
            }
        }

        return _constant;
    }
}

/// <summary>What a name stands for.</summary>
internal abstract record Binding
{
    /// <summary>An input that the caller of a function left out.</summary>
    public static Binding Absent { get; } = new AbsentBinding();

    /// <summary>The result of something that was reported already; who depends on it is not reported again.</summary>
    public static Binding Broken { get; } = new BrokenBinding();

    public sealed record Known(Value Value) : Binding;

    /// <summary>A constant that this graph does not use yet.</summary>
    public sealed record Deferred(SourceConstant Source) : Binding;

    private sealed record AbsentBinding : Binding;

    private sealed record BrokenBinding : Binding;
}

/// <summary>The names of one graph or of one function call.</summary>
internal sealed class NameScope
{
    private readonly Dictionary<string, Binding> _bindings = new(StringComparer.Ordinal);

    /// <summary>Binds a name; false if it is taken.</summary>
    public bool TryBind(string name, Binding binding) => _bindings.TryAdd(name, binding);

    public void Replace(string name, Binding binding) => _bindings[name] = binding;

    /// <summary>What the name stands for; null if nothing.</summary>
    public Binding? Find(string name) => _bindings.GetValueOrDefault(name);
}
