using System.Diagnostics;

namespace Peregrine.OnnxRuntimePeer;

/// <summary>A loaded model, and the two input sets that timed runs take in turn.</summary>
internal sealed class PeerSession : IDisposable
{
    private readonly OrtApi _api;
    private readonly NameTable _outputNames;
    private InputSet? _first;
    private InputSet? _second;
    private bool _secondIsNext;
    private nint _handle;

    public PeerSession(OrtApi api, string path, int threads, int optimizationLevel, string optimizedPath)
    {
        _api = api;
        long start = Stopwatch.GetTimestamp();
        _handle = api.CreateSession(path, threads, optimizationLevel, optimizedPath);
        LoadMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Inputs = api.Ports(_handle, inputs: true);
        Outputs = api.Ports(_handle, inputs: false);
        _outputNames = new([.. Outputs.Select(o => o.Name)]);
    }

    public double LoadMilliseconds { get; }

    public IReadOnlyList<Port> Inputs { get; }

    public IReadOnlyList<Port> Outputs { get; }

    /// <summary>Runs once; the caller releases the outputs, which stand in the order of <see cref="Outputs"/>.</summary>
    public (double Milliseconds, nint[] Outputs) Run(InputSet inputs)
    {
        long start = Stopwatch.GetTimestamp();
        nint[] outputs = _api.Run(_handle, inputs.Names!, inputs.Values, _outputNames);
        return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, outputs);
    }

    /// <summary>Takes over both sets.</summary>
    public void SetInputs(InputSet first, InputSet second)
    {
        _first?.Dispose();
        _second?.Dispose();
        (_first, _second, _secondIsNext) = (first, second, false);
    }

    public double[] Time(int warmUpRuns, int timedRuns)
    {
        if (_first is null || _second is null)
        {
            throw new OrtException("No inputs were set for timing.");
        }

        double[] times = new double[timedRuns];
        for (int run = -warmUpRuns; run < timedRuns; run++)
        {
            (double milliseconds, nint[] outputs) = Run(_secondIsNext ? _second : _first);
            _secondIsNext = !_secondIsNext;
            Array.ForEach(outputs, ReleaseOutput);
            if (run >= 0)
            {
                times[run] = milliseconds;
            }
        }

        return times;
    }

    public void ReleaseOutput(nint output)
    {
        if (output != 0)
        {
            _api.ReleaseValue(output);
        }
    }

    public void Dispose()
    {
        _first?.Dispose();
        _second?.Dispose();
        _outputNames.Dispose();
        if (_handle != 0)
        {
            _api.ReleaseSession(_handle);
            _handle = 0;
        }
    }
}
