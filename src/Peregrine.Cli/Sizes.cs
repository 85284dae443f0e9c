using System.Globalization;

namespace Peregrine.Cli;

/// <summary>Numbers of bytes as people read them.</summary>
internal static class Sizes
{
    /// <summary>Reads <c>1GiB</c>, <c>512MiB</c>, <c>64KiB</c>, <c>4096B</c> or <c>4096</c> (also <c>1.5GiB</c>, and G, M, K for short); null if it is none of these or too large.</summary>
    public static long? Parse(string text)
    {
        string number = text.TrimEnd([.. "BbIiKkMmGgTt"]);
        double? unit = text[number.Length..].ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" or "KIB" => 1L << 10,
            "M" or "MB" or "MIB" => 1L << 20,
            "G" or "GB" or "GIB" => 1L << 30,
            "T" or "TB" or "TIB" => 1L << 40,
            _ => null,
        };
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) && count * unit is >= 0 and < (1L << 62) and var bytes ? (long)bytes : null;
    }

    public static string Text(long bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024 * 1024):F2} GiB"),
    };
}
