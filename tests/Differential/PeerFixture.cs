using Peregrine.TestKit.OnnxRuntime;

[assembly: AssemblyFixture(typeof(Differential.PeerFixture))]

namespace Differential;

/// <summary>One ONNX Runtime process for all tests of the assembly.</summary>
public sealed class PeerFixture : IDisposable
{
    private readonly OnnxRuntimePeer? _peer;
    private readonly string _whyNot;

    public PeerFixture() => _peer = OnnxRuntimePeer.TryStart(out _whyNot);

    /// <summary>The running peer; skips the test if there is none.</summary>
    public OnnxRuntimePeer Peer
    {
        get
        {
            Assert.SkipWhen(_peer is null, _whyNot);
            return _peer!;
        }
    }

    public void Dispose() => _peer?.Dispose();
}
