using Peregrine.OnnxRuntimePeer;

namespace Peregrine.TestKit.OnnxRuntime;

/// <summary>
/// ONNX Runtime in a process of its own: the oracle of the differential tests and the peer of the benchmarks. If the process dies (a crash inside ONNX Runtime,
/// a run past its time limit), the call in hand throws <see cref="OnnxRuntimePeerLostException"/>, and the next call starts a new one and loads the model again.
/// Calls are serialised: one peer does one thing at a time.
/// </summary>
public sealed class OnnxRuntimePeer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _library;
    private PeerProcess _process;
    private bool _disposed;

    private OnnxRuntimePeer(string library)
    {
        _library = library;
        _process = PeerProcess.Start(library);
        Version = Ask(PeerCommand.Version, "Start", _ => { }, Wire.ReadText);
    }

    /// <summary>ONNX Runtime's version, such as "1.30.0".</summary>
    public string Version { get; }

    /// <summary>How long one request may take, except timed runs, which have this long for each.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Counts the processes started so far; a session of an earlier one must be loaded again.</summary>
    internal int Generation { get; private set; } = 1;

    /// <summary>Starts a peer, or gives null and says why none can be had here.</summary>
    public static OnnxRuntimePeer? TryStart(out string whyNot)
    {
        if (NodeModules.OnnxRuntimeLibrary is not { } library)
        {
            whyNot = NodeModules.Folder is null
                ? "No folder node_modules was found: install the npm package onnxruntime-node (npm i --ignore-scripts onnxruntime-node) and set PEREGRINE_NODE_MODULES."
                : $"{NodeModules.Folder} holds no ONNX Runtime library for this system: install the npm package onnxruntime-node there.";
            return null;
        }

        if (!File.Exists(PeerProcess.ProgramPath))
        {
            whyNot = $"The peer program {PeerProcess.ProgramPath} is missing: the project must reference Peregrine.TestKit and be built.";
            return null;
        }

        try
        {
            whyNot = "";
            return new OnnxRuntimePeer(library);
        }
        catch (Exception e) when (e is OnnxRuntimePeerLostException or System.ComponentModel.Win32Exception)
        {
            whyNot = e.Message;
            return null;
        }
    }

    /// <summary>Loads a model from a file. <paramref name="threads"/>: intra-op threads, 0 for ONNX Runtime's own choice. Throws <see cref="OnnxRuntimeException"/> with its message if it refuses the model.</summary>
    /// <param name="optimizedPath">Where ONNX Runtime writes the model as it has optimized it; null for nowhere.</param>
    public OnnxRuntimeSession Load(string path, int threads = 1, OnnxRuntimeOptimization optimization = OnnxRuntimeOptimization.All, string? optimizedPath = null) =>
        new(this, Path.GetFullPath(path), threads, optimization, optimizedPath is null ? "" : Path.GetFullPath(optimizedPath));

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _process.Dispose();
            }
        }
    }

    /// <summary>Holds the peer for one caller, and makes sure that a process runs.</summary>
    internal Lock.Scope Enter()
    {
        Lock.Scope scope = _gate.EnterScope();
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_process.IsUsable)
            {
                _process.Dispose();
                _process = PeerProcess.Start(_library);
                Generation++;
            }
        }
        catch
        {
            scope.Dispose();
            throw;
        }

        return scope;
    }

    internal T Ask<T>(PeerCommand command, string what, Action<Stream> write, Func<Stream, T> read, int times = 1)
    {
        using Lock.Scope scope = Enter();
        return _process.Ask(command, what, TimeSpan.FromMilliseconds(Math.Min(int.MaxValue, Timeout.TotalMilliseconds * Math.Max(1, times))), write, read);
    }

    /// <summary>Ends the process as a crash would.</summary>
    internal void Kill()
    {
        using Lock.Scope scope = Enter();
        _process.Kill();
    }
}

/// <summary>ONNX Runtime's graph optimization levels.</summary>
public enum OnnxRuntimeOptimization
{
    None = 0,
    Basic = 1,
    Extended = 2,
    All = 99,
}
