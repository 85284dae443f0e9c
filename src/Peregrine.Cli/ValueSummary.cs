using System.Globalization;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Cli;

/// <summary>A value in one line: type, shape, smallest, largest, mean, first elements.</summary>
internal static class ValueSummary
{
    private const int Shown = 6;

    public static string Describe(object? value) => value switch
    {
        Tensor tensor => Describe(tensor),
        TensorSequence sequence => string.Create(CultureInfo.InvariantCulture, $"sequence of {sequence.Count}: {string.Join("; ", sequence.Items.Take(3).Select(Describe))}{(sequence.Count > 3 ? "; …" : "")}"),
        TensorMap map => Describe(map),
        OptionalValue { HasValue: true } optional => $"optional {Describe(optional.Value)}",
        _ => "empty optional",
    };

    private static string Describe(TensorMap map) => $"{{{string.Join(", ", map.Texts().Take(Shown).Select(e => $"{e.Key}: {e.Value}"))}{(map.Count > Shown ? ", …" : "")}}}";

    private static string Describe(Tensor tensor)
    {
        if (tensor.Length == 0)
        {
            return $"{tensor} (no elements)";
        }

        if (tensor.Type == DataType.String)
        {
            return $"{tensor} {string.Join(", ", tensor.Strings.Take(Shown).Select(s => $"\"{s}\""))}{(tensor.Length > Shown ? ", …" : "")}";
        }

        if (tensor.Type.IsComplex())
        {
            return $"{tensor} (complex)";
        }

        double[] elements = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, elements);
        string odd = elements.Count(e => !double.IsFinite(e)) is var count and > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({count} not finite)") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{tensor} min {elements.Min():G6} max {elements.Max():G6} mean {elements.Average():G6}{odd} [{string.Join(", ", elements.Take(Shown).Select(e => e.ToString("G6", CultureInfo.InvariantCulture)))}{(elements.Length > Shown ? ", …" : "")}]");
    }
}
