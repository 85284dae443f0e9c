using Peregrine.Tensors;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

public sealed class OnnxRuntimePeerTests(PeerFixture fixture)
{
    private static Dictionary<string, Tensor> Bytes(byte x, byte y) => new()
    {
        ["x"] = Tensor.Of<byte>([3, 4, 5], Enumerable.Range(0, 60).Select(i => (byte)(i + x)).ToArray()),
        ["y"] = Tensor.Of<byte>([3, 4, 5], Enumerable.Range(0, 60).Select(i => (byte)(2 * i * y)).ToArray()),
    };

    private static string Case(string name) => Materials.Shared("onnx-cases", "node", name, "model.onnx");

    /// <summary>A process that the test may end.</summary>
    private static OnnxRuntimePeer StartOwn()
    {
        OnnxRuntimePeer? peer = OnnxRuntimePeer.TryStart(out string whyNot);
        Assert.SkipWhen(peer is null, whyNot);
        return peer!;
    }

    [Fact]
    public void Runs_a_model_and_describes_it()
    {
        using OnnxRuntimeSession session = fixture.Peer.Load(Case("test_add_uint8"));
        Assert.Equal([new("x", true, DataType.UInt8, [3, 4, 5]), new OnnxRuntimePort("y", true, DataType.UInt8, [3, 4, 5])], session.Inputs);
        Assert.Equal([new OnnxRuntimePort("sum", true, DataType.UInt8, [3, 4, 5])], session.Outputs);

        Tensor sum = session.Run(Bytes(3, 5))["sum"];
        Assert.Equal([3L, 4, 5], sum.Dims.ToArray());
        Assert.Equal(Enumerable.Range(0, 60).Select(i => (byte)(i + 3 + (10 * i))), sum.Span<byte>().ToArray());
        Assert.True(session.LoadMilliseconds > 0);
        Assert.True(session.LastRunMilliseconds > 0);
    }

    [Fact]
    public void Carries_strings_of_any_length_and_script()
    {
        using OnnxRuntimeSession session = fixture.Peer.Load(Case("test_string_concat"));
        string[] left = ["", "grüße "], right = ["終", new('z', 100_000)];
        Tensor result = session.Run(new Dictionary<string, Tensor> { ["x"] = new([2], left), ["y"] = new([2], right) })["result"];
        Assert.Equal([left[0] + right[0], left[1] + right[1]], result.Strings);
    }

    [Fact]
    public void Refusals_carry_the_message_and_leave_the_process_alive()
    {
        OnnxRuntimePeer peer = fixture.Peer;
        string garbage = Path.Combine(Path.GetTempPath(), $"peregrine-garbage-{Environment.ProcessId}.onnx");
        File.WriteAllText(garbage, "this is no model");
        try
        {
            Assert.Contains(garbage, Assert.Throws<OnnxRuntimeException>(() => peer.Load(garbage)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(garbage);
        }

        Assert.Contains("absent.onnx", Assert.Throws<OnnxRuntimeException>(() => peer.Load("/nowhere/absent.onnx")).Message, StringComparison.Ordinal);

        using OnnxRuntimeSession session = peer.Load(Case("test_add_uint8"));
        Assert.Contains("nobody", Assert.Throws<OnnxRuntimeException>(() => session.Run(new Dictionary<string, Tensor> { ["nobody"] = Tensor.Scalar(1f) })).Message, StringComparison.Ordinal);
        Dictionary<string, Tensor> wrongType = Bytes(1, 1);
        wrongType["y"] = Tensor.Of<float>([3, 4, 5], new float[60]);
        Assert.Contains("float", Assert.Throws<OnnxRuntimeException>(() => session.Run(wrongType)).Message, StringComparison.Ordinal);
        Assert.Equal(60, session.Run(Bytes(1, 1))["sum"].Length);
    }

    [Fact]
    public void An_output_that_is_no_tensor_is_named()
    {
        using OnnxRuntimeSession session = fixture.Peer.Load(Case("test_split_to_sequence_1"));
        Assert.False(session.Outputs[0].IsTensor);
        Dictionary<string, Tensor> inputs = session.Inputs.ToDictionary(i => i.Name, i => i.Type == DataType.Int64 ? Tensor.Scalar(2L) : Tensor.Allocate(i.Type, i.Dims.AsSpan()));
        string message = Assert.Throws<OnnxRuntimeUnsupportedException>(() => session.Run(inputs)).Message;
        Assert.Contains($"\"{session.Outputs[0].Name}\" is a sequence", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Timed_runs_give_one_time_each()
    {
        using OnnxRuntimeSession session = fixture.Peer.Load(Case("test_add_uint8"));
        Assert.Throws<InvalidOperationException>(() => session.TimeNext());
        double[] times = session.Time(Bytes(1, 2), Bytes(3, 4), iterations: 5, warmUp: 2);
        Assert.Equal(5, times.Length);
        Assert.All(times, t => Assert.InRange(t, double.Epsilon, 60_000));
        Assert.Single(session.TimeNext());
    }

    [Fact]
    public void A_dead_process_is_reported_and_replaced()
    {
        using OnnxRuntimePeer peer = StartOwn();
        using OnnxRuntimeSession session = peer.Load(Case("test_add_uint8"));
        session.PrepareTiming(Bytes(1, 2), Bytes(3, 4));
        peer.Kill();
        Assert.Contains("ended", Assert.Throws<OnnxRuntimePeerLostException>(() => session.Run(Bytes(1, 1))).Message, StringComparison.Ordinal);
        Assert.Equal((byte)1, session.Run(Bytes(1, 1))["sum"].Span<byte>()[0]);
        Assert.Single(session.TimeNext());
    }

    [Fact]
    public void A_request_past_its_time_limit_ends_the_process()
    {
        using OnnxRuntimePeer peer = StartOwn();
        using OnnxRuntimeSession session = peer.Load(Case("test_add_uint8"));
        session.PrepareTiming(Bytes(1, 2), Bytes(3, 4));
        peer.Timeout = TimeSpan.FromMicroseconds(1);
        Assert.Contains("no answer within", Assert.Throws<OnnxRuntimePeerLostException>(() => session.TimeNext(iterations: 1_000_000)).Message, StringComparison.Ordinal);
        peer.Timeout = TimeSpan.FromMinutes(1);
        Assert.Equal(60, session.Run(Bytes(1, 1))["sum"].Length);
    }
}
