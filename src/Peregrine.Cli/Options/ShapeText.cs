using System.Globalization;

namespace Peregrine.Cli.Options;

/// <summary>Reads names, shapes and files as they are written on the command line.</summary>
internal static class ShapeText
{
    /// <summary><c>NAME=REST</c>; the first = separates.</summary>
    public static (string Name, string Value) SplitName(string text, string option, string form)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 ? (text[..at], text[(at + 1)..]) : throw new UsageException($"{option} \"{text}\" must have the form {form}.");
    }

    /// <summary><c>1x3x224x224</c>; an empty text is the shape of a scalar.</summary>
    public static long[] ParseDims(string text, string option)
    {
        string[] parts = text.Length == 0 ? [] : text.Split('x', StringSplitOptions.TrimEntries);
        return Array.ConvertAll(parts, part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long dim)
            ? dim
            : throw new UsageException($"{option}: \"{text}\" is no shape; write extents with x between them, such as 1x3x224x224."));
    }

    /// <summary>Shapes by the input's name.</summary>
    public static Dictionary<string, IReadOnlyList<long>> ParseShapes(IEnumerable<string> texts)
    {
        Dictionary<string, IReadOnlyList<long>> shapes = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            (string name, string dims) = SplitName(text, "--shape", "NAME=1x3x224x224");
            if (!shapes.TryAdd(name, ParseDims(dims, $"--shape {name}")))
            {
                throw new UsageException($"--shape gives \"{name}\" twice.");
            }
        }

        return shapes;
    }

    /// <summary>The ranges of one input: <c>NAME:min=1x3x8x8,opt=8x3x8x8,max=32x3x8x8</c>. The name may contain colons.</summary>
    public static (string Input, long[] Min, long[] Opt, long[] Max) ParseProfile(string text)
    {
        int at = text.LastIndexOf(':');
        Dictionary<string, long[]> ranges = new(StringComparer.Ordinal);
        foreach (string part in at > 0 ? text[(at + 1)..].Split(',', StringSplitOptions.TrimEntries) : [])
        {
            string[] sides = part.Split('=', 2);
            if (sides.Length != 2 || sides[0] is not ("min" or "opt" or "max") || !ranges.TryAdd(sides[0], ParseDims(sides[1], "--profile")))
            {
                ranges.Clear();
                break;
            }
        }

        return ranges.Count == 3
            ? (text[..at], ranges["min"], ranges["opt"], ranges["max"])
            : throw new UsageException($"--profile \"{text}\" must have the form NAME:min=1x3x8x8,opt=8x3x8x8,max=32x3x8x8.");
    }
}
