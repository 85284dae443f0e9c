namespace Peregrine.Runtime.Format;

/// <summary>
/// An engine read from a file or from memory. The constants of <see cref="Content"/> are views on the file, which stays mapped until <see cref="Dispose"/>; nothing of the content's tensors may be
/// used after that.
/// </summary>
public sealed class EngineFile : IDisposable
{
    private readonly EngineContainerReader _container;

    internal EngineFile(EngineContent content, EngineContainerReader container)
    {
        Content = content;
        _container = container;
    }

    public EngineContent Content { get; }

    /// <summary>Ends when every byte of the weights has been checked, and faults with <see cref="Diagnostics.EngineFormatException"/>; await it before the first run.</summary>
    public Task Verification => _container.Verification;

    public void Dispose() => _container.Dispose();
}
