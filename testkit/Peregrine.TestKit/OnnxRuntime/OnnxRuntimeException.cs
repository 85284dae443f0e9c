namespace Peregrine.TestKit.OnnxRuntime;

/// <summary>ONNX Runtime refused a model or a run; the message is its own.</summary>
public class OnnxRuntimeException(string message) : Exception(message);

/// <summary>The peer cannot carry such a value (a sequence, a map, an optional without value); the message says which.</summary>
public sealed class OnnxRuntimeUnsupportedException(string message) : OnnxRuntimeException(message);

/// <summary>The peer process died, did not answer in time or sent something unreadable. The next use starts a new one.</summary>
public sealed class OnnxRuntimePeerLostException(string message, Exception? inner = null) : Exception(message, inner);
