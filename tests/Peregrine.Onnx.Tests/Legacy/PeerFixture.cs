
[assembly: AssemblyFixture(typeof(Peregrine.Onnx.Tests.Legacy.PeerFixture))]

namespace Peregrine.Onnx.Tests.Legacy;

/// <summary>One ONNX Runtime process for all tests of the assembly, where there is one.</summary>
public sealed class PeerFixture : IDisposable
{
    private readonly string _whyNot;

    public PeerFixture() => Peer = TestKit.OnnxRuntime.OnnxRuntimePeer.TryStart(out _whyNot);

    /// <summary>Null where ONNX Runtime is absent.</summary>
    public TestKit.OnnxRuntime.OnnxRuntimePeer? Peer { get; }

    public string WhyNot => _whyNot;

    public void Dispose() => Peer?.Dispose();
}
