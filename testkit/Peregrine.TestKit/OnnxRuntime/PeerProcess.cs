using System.Diagnostics;
using System.Runtime.InteropServices;
using Peregrine.OnnxRuntimePeer;

namespace Peregrine.TestKit.OnnxRuntime;

/// <summary>One running peer process and the pipe to it. After the first failure of the pipe it is dead for good.</summary>
internal sealed class PeerProcess : IDisposable
{
    private const int KeptLogLines = 20;

    private readonly Process _process;
    private readonly Stream _requests;
    private readonly Stream _replies;
    private readonly Queue<string> _log = [];

    private PeerProcess(Process process)
    {
        _process = process;
        _requests = new BufferedStream(process.StandardInput.BaseStream, 1 << 16);
        _replies = new BufferedStream(process.StandardOutput.BaseStream, 1 << 16);
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>False once a request went wrong, or the process ended by itself.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>The peer program lies beside the program that uses it.</summary>
    public static string ProgramPath => Path.Combine(AppContext.BaseDirectory, "peregrine-ort-peer.dll");

    public static PeerProcess Start(string library)
    {
        ProcessStartInfo start = new(DotnetHost())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        start.ArgumentList.Add(ProgramPath);
        start.ArgumentList.Add("--library");
        start.ArgumentList.Add(library);
        return new(Process.Start(start) ?? throw new InvalidOperationException("The peer process did not start."));
    }

    /// <summary>
    /// Sends one request and reads its reply. A refusal becomes an <see cref="OnnxRuntimeException"/> and leaves the peer usable;
    /// everything else that goes wrong ends the process and becomes an <see cref="OnnxRuntimePeerLostException"/>.
    /// </summary>
    public T Ask<T>(PeerCommand command, string what, TimeSpan timeout, Action<Stream> write, Func<Stream, T> read)
    {
        // The pipe's calls block and know no time limit; killing the process ends them.
        using CancellationTokenSource clock = new();
        bool late = false;
        using CancellationTokenRegistration _ = clock.Token.Register(() =>
        {
            Volatile.Write(ref late, true);
            Kill();
        });
        clock.CancelAfter(timeout);
        try
        {
            Wire.WriteInt32(_requests, Wire.Magic);
            _requests.WriteByte((byte)command);
            write(_requests);
            _requests.Flush();
            if (Wire.ReadInt32(_replies) != Wire.Magic)
            {
                throw new InvalidDataException("The reply does not begin as replies do.");
            }

            PeerReply reply = (PeerReply)_replies.ReadByte();
            return reply switch
            {
                PeerReply.Ok => read(_replies),
                PeerReply.Failed => throw new OnnxRuntimeException($"{what}: {Wire.ReadText(_replies)}"),
                PeerReply.Unsupported => throw new OnnxRuntimeUnsupportedException($"{what}: {Wire.ReadText(_replies)}"),
                _ => throw new InvalidDataException($"The reply is of the unknown kind {(int)reply}."),
            };
        }
        catch (Exception e) when (e is not OnnxRuntimeException)
        {
            IsUsable = false;
            Kill();
            _process.WaitForExit(TimeSpan.FromSeconds(5));
            string cause = Volatile.Read(ref late) ? $"gave no answer within {timeout.TotalSeconds:0.#} s and was ended"
                : e is IOException ? $"ended{(_process.HasExited ? $" (exit code {_process.ExitCode})" : "")}"
                : $"was ended after an unreadable exchange ({e.Message})";
            throw new OnnxRuntimePeerLostException($"{what}: the process that runs ONNX Runtime {cause}.{LogText()}", e);
        }
    }

    public void Dispose()
    {
        if (IsUsable)
        {
            try
            {
                _ = Ask(PeerCommand.Quit, "Quit", TimeSpan.FromSeconds(2), _ => { }, _ => true);
                _process.WaitForExit(TimeSpan.FromSeconds(2));
            }
            catch (OnnxRuntimePeerLostException)
            {
                // It is to end, and it has ended.
            }
        }

        IsUsable = false;
        Kill();
        _process.Dispose();
    }

    /// <summary>Ends the process at once, as a crash would; the next request notices.</summary>
    internal void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended before.
        }
    }

    /// <summary>The <c>dotnet</c> host of the runtime that runs this very program: a test host knows no other reliable way to it.</summary>
    private static string DotnetHost()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }

    private void Remember(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.Enqueue(line);
            if (_log.Count > KeptLogLines)
            {
                _log.Dequeue();
            }
        }
    }

    private string LogText()
    {
        lock (_log)
        {
            return _log.Count == 0 ? "" : $" Its last words:\n{string.Join('\n', _log)}";
        }
    }
}
