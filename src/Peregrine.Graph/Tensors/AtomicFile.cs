using Peregrine.Diagnostics;

namespace Peregrine.Tensors;

/// <summary>Writes files whole or not at all: beside the target, then renamed over it.</summary>
public static class AtomicFile
{
    /// <summary>Writes <paramref name="path"/> with what <paramref name="write"/> puts into the stream; on any failure the target stays as it was and nothing is left behind.</summary>
    /// <exception cref="ModelException">PG1036: no such folder, no permission, disk full, …</exception>
    public static void Write(string path, Action<Stream> write)
    {
        if (IsDevice(path))
        {
            WriteToDevice(path, write);
            return;
        }

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
            throw Fail(path, e);
        }
        finally
        {
            if (!done)
            {
                Remove(beside);
            }
        }
    }

    /// <summary>Whether the path names a device (<c>/dev/stdout</c>, <c>/dev/null</c>): renaming a file over one would destroy it, so devices are written to directly.</summary>
    public static bool IsDevice(string path) => !OperatingSystem.IsWindows() && Path.GetFullPath(path) is var full && full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);

    private static void WriteToDevice(string path, Action<Stream> write)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            write(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fail(path, e);
        }
    }

    private static ModelException Fail(string path, Exception reason) =>
        new(Diagnostic.Error("PG1036", $"The file \"{path}\" cannot be written: {reason.Message.TrimEnd('.')}.", suggestion: "Check the folder, its permissions and the free space."));

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
