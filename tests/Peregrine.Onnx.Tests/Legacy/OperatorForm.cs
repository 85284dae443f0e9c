using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;

namespace Peregrine.Onnx.Tests.Legacy;

/// <summary>
/// One node in the form of some opset, and where the truth about it comes from: ONNX Runtime, which runs the same bytes, and (where it does not know the form) values computed by hand.
/// </summary>
internal sealed record OperatorForm(string Operator, long Opset, string Domain = "")
{
    private readonly List<OnnxAttributeProto> _attributes = [];
    private readonly List<Tensor?> _inputs = [];
    private readonly List<bool> _constant = [];
    private readonly List<Tensor> _expected = [];
    private readonly List<DataType> _outputs = [DataType.Float32];
    private string _variant = "";
    private string? _whyNotOnnxRuntime;
    private int _steps;
    private double _relative = 1e-4;
    private readonly HashSet<int> _unwanted = [];

    /// <summary>Whether values computed by hand are known.</summary>
    public bool HasExpected => _expected.Count > 0;

    public string Name => $"{Operator}-{Opset}{(_variant.Length > 0 ? $" {_variant}" : "")}";

    /// <summary>Tells forms of one operator and opset apart.</summary>
    public OperatorForm Variant(string variant) => Do(() => _variant = variant);

    public OperatorForm With(string name, object value) => Do(() => _attributes.Add(Attribute(name, value)));

    public OperatorForm Input(params Tensor?[] tensors) => Do(() =>
    {
        _inputs.AddRange(tensors);
        _constant.AddRange(tensors.Select(_ => false));
    });

    /// <summary>Inputs that are initializers.</summary>
    public OperatorForm Constant(params Tensor[] tensors) => Do(() =>
    {
        _inputs.AddRange(tensors);
        _constant.AddRange(tensors.Select(_ => true));
    });

    /// <summary>The element types of the outputs (one float32 otherwise).</summary>
    public OperatorForm Outputs(params DataType[] types) => Do(() =>
    {
        _outputs.Clear();
        _outputs.AddRange(types);
    });

    /// <summary>The first outputs, as computed by hand.</summary>
    public OperatorForm Gives(params Tensor[] expected) => Do(() => _expected.AddRange(expected));

    /// <summary>ONNX Runtime means something else by this form than the standard's text does; only the values computed by hand count.</summary>
    public OperatorForm OnnxRuntimeDiffers(string how) => Do(() => _whyNotOnnxRuntime = how);

    /// <summary>Quantised results may be that many steps apart: both sides round a float.</summary>
    public OperatorForm Steps(int steps) => Do(() => _steps = steps);

    /// <summary>How far float results may be apart, where that is not 1e-4.</summary>
    public OperatorForm Within(double relative) => Do(() => _relative = relative);

    /// <summary>Outputs that the node leaves out.</summary>
    public OperatorForm Without(params int[] outputs) => Do(() => _unwanted.UnionWith(outputs));

    public override string ToString() => Name;

    /// <summary>Imports and runs the form, and compares with every truth that can be had.</summary>
    /// <returns>Why ONNX Runtime does not run it; null if it does.</returns>
    public string? Check(PeerFixture fixture)
    {
        byte[] bytes = ProtobufWriter.ToBytes(Model());
        Graph graph = OnnxModel.Load(bytes, "form.onnx", null).Import();
        object?[] results = Interpreter.Run(graph, [.. Fed().Select(p => (object)p.Value)]);
        for (int i = 0; i < _expected.Count; i++)
        {
            Compare(_expected[i], results[i], i, "the values computed by hand");
        }

        if (_whyNotOnnxRuntime is not null)
        {
            return _whyNotOnnxRuntime;
        }

        if (fixture.Peer is null)
        {
            return fixture.WhyNot;
        }

        string path = Path.Combine(Path.GetTempPath(), $"peregrine-form-{Guid.NewGuid():N}.onnx");
        File.WriteAllBytes(path, bytes);
        try
        {
            using OnnxRuntimeSession session = fixture.Peer.Load(path, optimization: OnnxRuntimeOptimization.None);
            IReadOnlyDictionary<string, Tensor> outputs = session.Run(Fed().ToDictionary(p => p.Key, p => p.Value));
            for (int i = 0, result = 0; i < _outputs.Count; i++)
            {
                if (!_unwanted.Contains(i))
                {
                    Compare(outputs[$"y{i}"], results[result++], i, "ONNX Runtime");
                }
            }

            return null;
        }
        catch (OnnxRuntimeException e)
        {
            return e.Message;
        }
        finally
        {
            File.Delete(path);
        }
    }

    internal static Tensor Float(int[] dims, params float[] values) => Tensor.Of<float>([.. dims.Select(d => (long)d)], values);

    /// <summary>Distinct values of both signs, not symmetric.</summary>
    internal static Tensor Data(params int[] dims) => Float(dims, [.. Enumerable.Range(0, dims.Aggregate(1, (a, b) => a * b)).Select(i => (((i * 37) % 101) - 45) / 16f)]);

    internal static Tensor Positive(params int[] dims) => Float(dims, [.. Data(dims).Span<float>().ToArray().Select(v => Math.Abs(v) + 0.25f)]);

    private void Compare(Tensor expected, object? actual, int output, string truth)
    {
        Tolerance tolerance = expected.Type.IsFloat() ? new(_relative, _relative / 10) : new(0, 0, _steps);
        TensorComparison comparison = TensorComparison.Compare(expected, Assert.IsType<Tensor>(actual), tolerance);
        Assert.True(comparison.IsClose, $"output {output} against {truth}: {comparison.Problem}");
    }

    private OnnxModelProto Model()
    {
        List<OnnxValueInfoProto> inputs = [];
        List<OnnxTensorProto> initializers = [];
        for (int i = 0; i < _inputs.Count; i++)
        {
            if (_inputs[i] is not { } tensor)
            {
                continue;
            }

            if (_constant[i])
            {
                initializers.Add(TensorEncoder.Encode(tensor, $"x{i}"));
            }

            // Up to IR version 3 every initializer was an input too.
            inputs.Add(new() { Name = $"x{i}", Type = new() { Kind = OnnxTypeKind.Tensor, ElementType = tensor.Type, Shape = new() { Dims = [.. tensor.Dims.ToArray().Select(d => new OnnxDimension { Value = d })] } } });
        }

        return new()
        {
            IrVersion = Opset < 9 && Domain.Length == 0 ? 3 : 8,
            OperatorSets = Domain.Length == 0 ? [new() { Version = Opset }] : [new() { Version = 15 }, new() { Domain = Domain, Version = Opset }],
            Graph = new()
            {
                Name = "form",
                Inputs = [.. inputs],
                Initializers = [.. initializers],
                Nodes = [new() { OperatorType = Operator, Domain = Domain, Name = "node", Inputs = [.. _inputs.Select((t, i) => t is null ? "" : $"x{i}")], Outputs = [.. _outputs.Select((_, i) => _unwanted.Contains(i) ? "" : $"y{i}")], Attributes = [.. _attributes] }],
                Outputs = [.. _outputs.Select((type, i) => new OnnxValueInfoProto { Name = $"y{i}", Type = new() { Kind = OnnxTypeKind.Tensor, ElementType = type } }).Where((_, i) => !_unwanted.Contains(i))],
            },
        };
    }

    private IEnumerable<KeyValuePair<string, Tensor>> Fed()
    {
        for (int i = 0; i < _inputs.Count; i++)
        {
            if (_inputs[i] is { } tensor && !_constant[i])
            {
                yield return new($"x{i}", tensor);
            }
        }
    }

    private OperatorForm Do(Action action)
    {
        action();
        return this;
    }

    private static OnnxAttributeProto Attribute(string name, object value) => value switch
    {
        int i => new() { Name = name, DeclaredKind = OnnxAttributeKind.Int, Int = i },
        float f => new() { Name = name, DeclaredKind = OnnxAttributeKind.Float, Float = f },
        string s => new() { Name = name, DeclaredKind = OnnxAttributeKind.String, StringBytes = System.Text.Encoding.UTF8.GetBytes(s) },
        int[] ints => new() { Name = name, DeclaredKind = OnnxAttributeKind.Ints, Ints = Ints.From(ints.Select(i => (long)i)) },
        float[] floats => new() { Name = name, DeclaredKind = OnnxAttributeKind.Floats, Floats = Floats.Create(floats) },
        string[] texts => new() { Name = name, DeclaredKind = OnnxAttributeKind.Strings, StringsBytes = [.. texts.Select(t => (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(t))] },
        Tensor tensor => new() { Name = name, DeclaredKind = OnnxAttributeKind.Tensor, Tensor = TensorEncoder.Encode(tensor, name) },
        _ => throw new ArgumentException($"{value.GetType()} is no attribute.", nameof(value)),
    };
}
