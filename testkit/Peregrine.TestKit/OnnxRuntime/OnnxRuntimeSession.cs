using Peregrine.OnnxRuntimePeer;
using Peregrine.Tensors;

namespace Peregrine.TestKit.OnnxRuntime;

/// <summary>A model loaded in ONNX Runtime.</summary>
public sealed class OnnxRuntimeSession : IDisposable
{
    private readonly OnnxRuntimePeer _peer;
    private readonly int _threads;
    private readonly OnnxRuntimeOptimization _optimization;
    private readonly string _optimizedPath;
    private int _id;
    private int _generation;
    private (IReadOnlyDictionary<string, Tensor> First, IReadOnlyDictionary<string, Tensor> Second)? _timedInputs;

    internal OnnxRuntimeSession(OnnxRuntimePeer peer, string path, int threads, OnnxRuntimeOptimization optimization, string optimizedPath)
    {
        (_peer, Path, _threads, _optimization, _optimizedPath) = (peer, path, threads, optimization, optimizedPath);
        using Lock.Scope scope = peer.Enter();
        Load();
    }

    public string Path { get; }

    /// <summary>How long ONNX Runtime took to load and optimize the model.</summary>
    public double LoadMilliseconds { get; private set; }

    public IReadOnlyList<OnnxRuntimePort> Inputs { get; private set; } = [];

    public IReadOnlyList<OnnxRuntimePort> Outputs { get; private set; } = [];

    /// <summary>How long the last <see cref="Run"/> took inside ONNX Runtime, without the way through the pipe.</summary>
    public double LastRunMilliseconds { get; private set; }

    /// <summary>Runs the model and gives all its outputs by name; keys and values of maps have the names that <see cref="Peregrine.OnnxRuntimePeer.Wire"/> tells. Throws <see cref="OnnxRuntimeException"/> if ONNX Runtime refuses, <see cref="OnnxRuntimeUnsupportedException"/> if an output is no tensor.</summary>
    public IReadOnlyDictionary<string, Tensor> Run(IReadOnlyDictionary<string, Tensor> inputs)
    {
        using Lock.Scope scope = Enter();
        (double milliseconds, Dictionary<string, Tensor> outputs) = _peer.Ask(
            PeerCommand.Run,
            $"Running {Path}",
            stream =>
            {
                Wire.WriteInt32(stream, _id);
                TensorWire.WriteSet(stream, inputs);
            },
            stream => (Wire.ReadDouble(stream), TensorWire.ReadSet(stream)));
        LastRunMilliseconds = milliseconds;
        return outputs;
    }

    /// <summary>Milliseconds of each of <paramref name="iterations"/> runs after <paramref name="warmUp"/> untimed ones; the runs take the two input sets in turn, so that the input changes from run to run.</summary>
    public double[] Time(IReadOnlyDictionary<string, Tensor> first, IReadOnlyDictionary<string, Tensor> second, int iterations, int warmUp = 1)
    {
        using Lock.Scope scope = _peer.Enter();
        PrepareTiming(first, second);
        return TimeNext(iterations, warmUp);
    }

    /// <summary>Hands over the two input sets for <see cref="TimeNext"/>, so that single runs can be interleaved with those of another runtime at no cost but the run.</summary>
    public void PrepareTiming(IReadOnlyDictionary<string, Tensor> first, IReadOnlyDictionary<string, Tensor> second)
    {
        using Lock.Scope scope = Enter();
        _timedInputs = null;
        SendTimedInputs(first, second);
        _timedInputs = (first, second);
    }

    /// <summary>Milliseconds of the next runs with the inputs of <see cref="PrepareTiming"/>, which go on in turn from call to call.</summary>
    public double[] TimeNext(int iterations = 1, int warmUp = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iterations);
        ArgumentOutOfRangeException.ThrowIfNegative(warmUp);
        if (_timedInputs is null)
        {
            throw new InvalidOperationException("Call PrepareTiming first.");
        }

        using Lock.Scope scope = Enter();
        return _peer.Ask(
            PeerCommand.Time,
            $"Timing {Path}",
            stream =>
            {
                Wire.WriteInt32(stream, _id);
                Wire.WriteInt32(stream, warmUp);
                Wire.WriteInt32(stream, iterations);
            },
            stream =>
            {
                double[] times = new double[Wire.ReadCount(stream, iterations)];
                for (int run = 0; run < times.Length; run++)
                {
                    times[run] = Wire.ReadDouble(stream);
                }

                return times;
            },
            times: iterations + warmUp);
    }

    public void Dispose()
    {
        if (_id == 0)
        {
            return;
        }

        int id = _id;
        _id = 0;
        try
        {
            using Lock.Scope scope = _peer.Enter();
            if (_generation == _peer.Generation)
            {
                _ = _peer.Ask(PeerCommand.Unload, $"Unloading {Path}", stream => Wire.WriteInt32(stream, id), _ => true);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or OnnxRuntimePeerLostException)
        {
            // The peer is gone, and the session with it.
        }
    }

    /// <summary>Holds the peer, and loads the model again if the process is a new one.</summary>
    private Lock.Scope Enter()
    {
        ObjectDisposedException.ThrowIf(_id == 0, this);
        Lock.Scope scope = _peer.Enter();
        try
        {
            if (_generation != _peer.Generation)
            {
                Load();
                if (_timedInputs is { } inputs)
                {
                    SendTimedInputs(inputs.First, inputs.Second);
                }
            }
        }
        catch
        {
            scope.Dispose();
            throw;
        }

        return scope;
    }

    private void Load()
    {
        (_id, LoadMilliseconds, Inputs, Outputs) = _peer.Ask(
            PeerCommand.Load,
            $"Loading {Path}",
            stream =>
            {
                Wire.WriteText(stream, Path);
                Wire.WriteInt32(stream, _threads);
                Wire.WriteInt32(stream, (int)_optimization);
                Wire.WriteText(stream, _optimizedPath);
            },
            stream => (Wire.ReadInt32(stream), Wire.ReadDouble(stream), TensorWire.ReadPorts(stream), TensorWire.ReadPorts(stream)));
        _generation = _peer.Generation;
    }

    private void SendTimedInputs(IReadOnlyDictionary<string, Tensor> first, IReadOnlyDictionary<string, Tensor> second) =>
        _peer.Ask(
            PeerCommand.SetInputs,
            $"Setting inputs of {Path}",
            stream =>
            {
                Wire.WriteInt32(stream, _id);
                TensorWire.WriteSet(stream, first);
                TensorWire.WriteSet(stream, second);
            },
            _ => true);
}

/// <summary>An input or output that a model declares. For anything but a tensor the type is Undefined and there are no dimensions; an unknown dimension is −1.</summary>
public sealed record OnnxRuntimePort(string Name, bool IsTensor, DataType Type, Ints Dims);
