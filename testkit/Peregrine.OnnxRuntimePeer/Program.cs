using Peregrine.OnnxRuntimePeer;

if (args is not ["--library", string library])
{
    Console.Error.WriteLine("usage: peregrine-ort-peer --library PATH    (ONNX Runtime's native library; the protocol on standard input and output is described in Wire.cs)");
    return 2;
}

OrtApi api;
try
{
    api = new OrtApi(library);
}
catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException or OrtException)
{
    Console.Error.WriteLine($"{library} cannot be used: {e.Message}");
    return 1;
}

using Stream input = new BufferedStream(Console.OpenStandardInput(), 1 << 16);
using Stream output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
return new Peer(api, input, output).Serve() ? 0 : 3;
