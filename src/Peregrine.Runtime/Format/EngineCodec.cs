namespace Peregrine.Runtime.Format;

internal static class EngineCodec
{
    public static void Save(EngineContent content, string path, CancellationToken cancellation = default) => throw new NotSupportedException(path);
}
