namespace Peregrine.Cli.Demonstration;

/// <summary>Draws digits as characters, side by side.</summary>
internal static class DigitArt
{
    private const string Shades = " .:-=+*#%@";

    /// <summary>The lines of a row of images, with what was recognised below each.</summary>
    public static IEnumerable<string> Draw(DigitsData data, IReadOnlyList<int> recognised, IReadOnlyList<int> images)
    {
        const int Side = DigitsData.Side;
        for (int row = 0; row < Side; row++)
        {
            yield return string.Join("   ", images.Select(image => string.Concat(Enumerable.Range(0, Side).Select(column => Shade(data.RawPixels.Span[(((image * Side) + row) * Side) + column]))))).TrimEnd();
        }

        yield return string.Join("   ", images.Select(image =>
        {
            int label = data.Labels.Span[image];
            return (recognised[image] == label ? $"it is {label}" : $"it is {recognised[image]}? {label}!").PadRight(2 * Side);
        })).TrimEnd();
    }

    private static string Shade(byte pixel) => new(Shades[pixel * (Shades.Length - 1) / 16], 2);
}
