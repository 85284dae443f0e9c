namespace Peregrine.OnnxRuntimePeer;

/// <summary>Answers requests of the protocol of <see cref="Wire"/> until the client quits or hangs up.</summary>
internal sealed class Peer(OrtApi api, Stream input, Stream output)
{
    private const int TensorKind = 1, SequenceKind = 2, MapKind = 3;

    private readonly Dictionary<int, PeerSession> _sessions = [];
    private int _nextSession = 1;

    /// <summary>Serves until the end; false if the client sent something that is not a message.</summary>
    public bool Serve()
    {
        while (true)
        {
            int magic;
            try
            {
                magic = Wire.ReadInt32(input);
            }
            catch (EndOfStreamException)
            {
                return true;
            }

            if (magic != Wire.Magic)
            {
                return false;
            }

            PeerCommand command = (PeerCommand)input.ReadByte();
            try
            {
                Answer(command);
            }
            catch (OrtException e)
            {
                Refuse(PeerReply.Failed, e.Message);
            }
            catch (Exception e) when (e is NotSupportedException or OverflowException)
            {
                Refuse(PeerReply.Unsupported, e.Message);
            }

            output.Flush();
            if (command == PeerCommand.Quit)
            {
                return true;
            }
        }
    }

    private void Answer(PeerCommand command)
    {
        switch (command)
        {
            case PeerCommand.Quit:
                Accept();
                break;
            case PeerCommand.Version:
                Accept();
                Wire.WriteText(output, api.Version);
                break;
            case PeerCommand.Load:
                Load();
                break;
            case PeerCommand.Run:
                Run();
                break;
            case PeerCommand.SetInputs:
                SetInputs();
                break;
            case PeerCommand.Time:
                Time();
                break;
            case PeerCommand.Unload:
                int id = Wire.ReadInt32(input);
                Session(id).Dispose();
                _sessions.Remove(id);
                Accept();
                break;
            default:
                throw new InvalidDataException($"Command {(int)command} is unknown.");
        }
    }

    private void Load()
    {
        string path = Wire.ReadText(input);
        int threads = Wire.ReadInt32(input), level = Wire.ReadInt32(input);
        PeerSession session = new(api, path, threads, level, Wire.ReadText(input));
        int id = _nextSession++;
        _sessions.Add(id, session);
        Accept();
        Wire.WriteInt32(output, id);
        Wire.WriteDouble(output, session.LoadMilliseconds);
        WritePorts(session.Inputs);
        WritePorts(session.Outputs);
    }

    private void Run()
    {
        int id = Wire.ReadInt32(input);
        using InputSet inputs = InputSet.Read(input);
        PeerSession session = Session(id);
        inputs.Bind(api);
        (double milliseconds, nint[] outputs) = session.Run(inputs);
        List<nint> parts = [];
        try
        {
            // Everything that can be refused is refused before the first byte of the reply.
            OutputValue[] values = [.. outputs.SelectMany((o, i) => OutputsOf(session.Outputs[i].Name, o, parts))];
            Accept();
            Wire.WriteDouble(output, milliseconds);
            Wire.WriteInt32(output, values.Length);
            Array.ForEach(values, v => v.Write(output));
        }
        finally
        {
            parts.ForEach(api.ReleaseValue);
            Array.ForEach(outputs, session.ReleaseOutput);
        }
    }

    private void SetInputs()
    {
        int id = Wire.ReadInt32(input);
        InputSet first = InputSet.Read(input);
        InputSet second = InputSet.Read(input);
        try
        {
            first.Bind(api);
            second.Bind(api);
            Session(id).SetInputs(first, second);
        }
        catch (OrtException)
        {
            first.Dispose();
            second.Dispose();
            throw;
        }

        Accept();
    }

    private void Time()
    {
        int id = Wire.ReadInt32(input), warmUpRuns = Wire.ReadCount(input, int.MaxValue), timedRuns = Wire.ReadCount(input, 100_000_000);
        double[] times = Session(id).Time(warmUpRuns, timedRuns);
        Accept();
        Wire.WriteInt32(output, times.Length);
        Array.ForEach(times, t => Wire.WriteDouble(output, t));
    }

    /// <summary>A tensor, a map as two tensors, the maps of a sequence.</summary>
    private IEnumerable<OutputValue> OutputsOf(string name, nint value, List<nint> parts)
    {
        int kind = value == 0 ? 0 : api.ValueType(value);
        if (kind is not (SequenceKind or MapKind))
        {
            return [OutputOf(name, value)];
        }

        nint[] own = api.Parts(value);
        parts.AddRange(own);
        if (kind == MapKind)
        {
            return [OutputOf(name + Wire.KeysSuffix, own[0]), OutputOf(name + Wire.ValuesSuffix, own[1])];
        }

        return own.All(p => api.ValueType(p) == MapKind)
            ? [.. own.SelectMany((p, i) => OutputsOf(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}\n{i}"), p, parts))]
            : [OutputOf(name, value)];
    }

    private OutputValue OutputOf(string name, nint value)
    {
        int kind = value == 0 ? 0 : api.ValueType(value);
        if (kind != TensorKind)
        {
            throw new NotSupportedException($"Output \"{name}\" is {KindName(kind)}; only tensors and maps can be carried.");
        }

        (int type, long[] dims) = api.Describe(value);
        if (type == Wire.StringType)
        {
            long count = dims.Aggregate(1L, (a, b) => checked(a * b));
            return new(name, type, dims, 0, 0, api.Strings(value, checked((int)count)));
        }

        unsafe
        {
            long bytes = ElementTypes.ByteCount(type, dims);
            return bytes <= int.MaxValue
                ? new(name, type, dims, (nint)api.Data(value), (int)bytes, null)
                : throw new NotSupportedException($"Output \"{name}\" takes {bytes} bytes; at most {int.MaxValue} can be carried.");
        }
    }

    private PeerSession Session(int id) => _sessions.TryGetValue(id, out PeerSession? session) ? session : throw new OrtException($"There is no session {id}.");

    private void Accept()
    {
        Wire.WriteInt32(output, Wire.Magic);
        output.WriteByte((byte)PeerReply.Ok);
    }

    private void Refuse(PeerReply reply, string message)
    {
        Wire.WriteInt32(output, Wire.Magic);
        output.WriteByte((byte)reply);
        Wire.WriteText(output, message);
    }

    private void WritePorts(IReadOnlyList<Port> ports)
    {
        Wire.WriteInt32(output, ports.Count);
        foreach (Port port in ports)
        {
            Wire.WriteText(output, port.Name);
            Wire.WriteInt32(output, port.Kind);
            Wire.WriteInt32(output, port.ElementType);
            Wire.WriteDims(output, [.. port.Dims]);
        }
    }

    private static string KindName(int kind) => kind switch { 0 => "absent or of no known kind", 2 => "a sequence", 3 => "a map", 4 => "opaque", 5 => "a sparse tensor", 6 => "an optional", _ => $"of kind {kind}" };

    /// <summary>A tensor that ONNX Runtime holds, described so that writing it cannot fail for reasons of its own.</summary>
    private sealed class OutputValue(string name, int type, long[] dims, nint data, int bytes, string[]? strings)
    {
        public unsafe void Write(Stream stream)
        {
            Wire.WriteText(stream, name);
            Wire.WriteInt32(stream, type);
            Wire.WriteDims(stream, dims);
            if (strings is not null)
            {
                Wire.WriteInt64(stream, strings.Length);
                Array.ForEach(strings, s => Wire.WriteText(stream, s));
                return;
            }

            Wire.WriteInt64(stream, bytes);
            // Safe: the value lives until the reply is written, and its size follows from its type and dimensions.
            stream.Write(new ReadOnlySpan<byte>((void*)data, bytes));
        }
    }
}
