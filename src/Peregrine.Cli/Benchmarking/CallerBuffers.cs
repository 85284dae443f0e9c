using System.Runtime.InteropServices;
using Peregrine.Cli.Inputs;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Cli.Benchmarking;

/// <summary>
/// The plain row-major buffers of one caller: inputs that change from call to call, and buffers into which the outputs are copied. Floats take turns between two sets; integers stay, as they may be
/// indices or shapes.
/// </summary>
internal sealed class CallerBuffers
{
    private readonly InferenceContext _context;
    private readonly object[] _values;
    private readonly byte[]?[][] _sets = new byte[]?[2][];
    private readonly byte[][] _outputs;
    private int _calls;

    /// <param name="stream">Each stream gets other random numbers.</param>
    public CallerBuffers(InferenceContext context, InputRequest request, int stream)
    {
        _context = context;
        Engine engine = context.Engine;
        _values = request.Create(engine.Inputs, context.Profile, 2 * stream);
        object[] others = request.Create(engine.Inputs, context.Profile, (2 * stream) + 1);
        _outputs = [.. engine.Outputs.Select(_ => Array.Empty<byte>())];
        _sets[0] = [.. _values.Select(Bytes)];
        _sets[1] = [.. others.Select((v, i) => request.Files.ContainsKey(engine.Inputs[i].Name) ? Reversed(v) : Bytes(v))];
        for (int i = 0; i < _values.Length; i++)
        {
            // The engine reads the caller's buffer itself, so that writing new data there is all a caller does.
            _values[i] = _values[i] is Tensor { Type: not DataType.String } tensor ? tensor.Clone() : _values[i];
            context.BindInput(engine.Inputs[i].Name, _values[i]);
        }
    }

    /// <summary>Fills the inputs with other data than last time; not a part of the call.</summary>
    public void ChangeInputs()
    {
        byte[]?[] set = _sets[_calls++ % 2];
        for (int i = 0; i < _values.Length; i++)
        {
            if (set[i] is { } bytes)
            {
                bytes.CopyTo(((Tensor)_values[i]).Data);
            }
        }
    }

    /// <summary>The call: from inputs in the caller's buffers to outputs in the caller's buffers.</summary>
    public void Call(CancellationToken cancellation)
    {
        _context.Run(cancellation);
        for (int i = 0; i < _outputs.Length; i++)
        {
            EngineBinding output = _context.Engine.Outputs[i];
            ReadOnlySpan<byte> bytes = Read(output);
            if (_outputs[i].Length < bytes.Length)
            {
                _outputs[i] = new byte[bytes.Length];
            }

            bytes.CopyTo(_outputs[i]);
        }
    }

    /// <summary>The bytes of an output; none of strings and sequences. The usual types are read like a caller reads who wants nothing allocated.</summary>
    private ReadOnlySpan<byte> Read(EngineBinding output) => (output.Type as TensorType)?.ElementType switch
    {
        DataType.Float32 => MemoryMarshal.AsBytes(_context.Output<float>(output.Name)),
        DataType.Int64 => MemoryMarshal.AsBytes(_context.Output<long>(output.Name)),
        _ => _context.OutputValue(output.Name) is Tensor { Type: not DataType.String } tensor ? tensor.Data.Span : [],
    };

    private static byte[]? Bytes(object value) => value is Tensor tensor && tensor.Type.IsFloat() ? tensor.Data.ToArray() : null;

    /// <summary>The same elements in the opposite order: other data of the same distribution.</summary>
    private static byte[]? Reversed(object value)
    {
        if (Bytes(value) is not { } bytes)
        {
            return null;
        }

        int size = Math.Max(1, ((Tensor)value).Type.Bits() / 8);
        byte[] reversed = new byte[bytes.Length];
        for (int i = 0; i < bytes.Length; i += size)
        {
            bytes.AsSpan(i, size).CopyTo(reversed.AsSpan(bytes.Length - size - i));
        }

        return reversed;
    }
}
