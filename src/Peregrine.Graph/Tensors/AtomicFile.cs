using Peregrine.Diagnostics;

namespace Peregrine.Tensors;

/// <summary>Writes files whole or not at all: beside the target, then renamed over it.</summary>
public static class AtomicFile
{
    /// <summary>Writes <paramref name="path"/> with what <paramref name="write"/> puts into the stream; on any failure the target stays as it was and nothing is left behind.</summary>
    /// <exception cref="ModelException">PG1036: no such folder, no permission, disk full, …</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string beside = $"{path}.{Guid.NewGuid():N}.tmp";
        bool done = false;
        try
        {
            using (FileStream stream = new(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
            }

            File.Move(beside, path, overwrite: true);
            done = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException(Diagnostic.Error("PG1036", $"The file \"{path}\" cannot be written: {e.Message.TrimEnd('.')}.", suggestion: "Check the folder, its permissions and the free space."));
        }
        finally
        {
            if (!done)
            {
                Remove(beside);
            }
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one to report.
        }
    }
}
