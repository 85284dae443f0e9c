namespace Peregrine.Runtime.Memory;

/// <summary>Memory that shows a file which the system reads again when it has to: giving its pages back loses nothing.</summary>
public interface IReloadable
{
    /// <summary>Tells that all of it is about to be read.</summary>
    void Prefetch();

    /// <summary>Gives the pages back to the system. Whoever reads on waits until they are there again and finds the same bytes.</summary>
    void Release();
}
