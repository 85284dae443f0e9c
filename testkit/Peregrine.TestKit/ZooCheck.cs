using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>
/// What a zoo model's check.json says: how to make its inputs, and what ONNX Runtime answered for the output <paramref name="Output"/>: shape, mean, standard deviation,
/// largest absolute value, and the elements at 0, <paramref name="SampleStride"/>, 2·<paramref name="SampleStride"/>, … in row-major order.
/// </summary>
public sealed partial record ZooCheck(string Output, Ints Shape, double Mean, double Std, double MaxAbs, int SampleStride, Floats Samples)
{
    /// <summary>Deviations are measured in standard deviations of the expected output.</summary>
    public const double DefaultTolerance = 1e-3;

    private readonly List<Recipe> _recipes = [];

    private enum RecipeKind
    {
        /// <summary>Normal numbers from a stream of <see cref="ZooRandom"/>.</summary>
        Normal,

        /// <summary>(multiplier · j + increment) mod modulus at element j; a constant has the multiplier 0.</summary>
        Linear,
    }

    public static ZooCheck Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = document.RootElement;
        ZooCheck check = new(
            root.GetProperty("output").GetString()!,
            Ints.From(root.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())),
            root.GetProperty("mean").GetDouble(),
            root.GetProperty("std").GetDouble(),
            root.GetProperty("maxabs").GetDouble(),
            root.GetProperty("sample_stride").GetInt32(),
            Floats.From(root.GetProperty("samples").EnumerateArray().Select(s => s.GetSingle())));
        foreach (JsonProperty input in root.GetProperty("inputs").EnumerateObject())
        {
            check._recipes.Add(input.Value.ValueKind == JsonValueKind.String
                ? ParseSentence(input.Name, input.Value.GetString()!, check._recipes.FirstOrDefault())
                : ParseNormal(input.Name, input.Value));
        }

        return check;
    }

    /// <summary>The inputs that belong to the expected output. <paramref name="variant"/> 1, 2, … gives other inputs of the same kind, for which no answer is known.</summary>
    public Dictionary<string, Tensor> MakeInputs(int variant = 0) => _recipes.ToDictionary(r => r.Name, r => r.Make(variant), StringComparer.Ordinal);

    /// <summary>
    /// Compares an output with what is known of it; null if all agrees, else a sentence on the worst deviation.
    /// The tolerance holds for every sample, for mean, standard deviation and largest absolute value, each in units of the expected standard deviation.
    /// </summary>
    public string? Verify(Tensor actual, double tolerance = DefaultTolerance)
    {
        if (!actual.Dims.SequenceEqual(Shape.AsSpan()))
        {
            return $"Output \"{Output}\" is {actual}; expected is the shape {Shape}.";
        }

        double[] values = TensorElements.ToDoubles(actual);
        double mean = values.Average();
        List<(string What, double Expected, double Actual)> facts =
        [
            ("the mean", Mean, mean),
            ("the standard deviation", Std, Math.Sqrt(values.Average(v => (v - mean) * (v - mean)))),
            ("the largest absolute value", MaxAbs, values.Max(Math.Abs)),
        ];
        for (int k = 0; k < Samples.Count; k++)
        {
            facts.Add(($"element {(long)k * SampleStride}", Samples[k], values[(long)k * SampleStride]));
        }

        // A NaN is farther off than anything.
        (string what, double expected, double found) = facts.MaxBy(f => double.IsNaN(f.Actual) ? double.PositiveInfinity : Math.Abs(f.Actual - f.Expected));
        double deviation = Math.Abs(found - expected) / Std;
        return deviation <= tolerance ? null
            : string.Create(CultureInfo.InvariantCulture, $"Output \"{Output}\": {what} is {found:G7}, expected is {expected:G7}: off by {deviation:G3} standard deviations, allowed are {tolerance:G3}.");
    }

    private static Recipe ParseNormal(string name, JsonElement recipe)
    {
        string type = recipe.GetProperty("dtype").GetString()!;
        return type == "float32"
            ? new(name, RecipeKind.Normal, DataType.Float32, Ints.From(recipe.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())))
            {
                Stream = recipe.GetProperty("stream").GetInt64(),
                Mean = recipe.GetProperty("mean").GetDouble(),
                Std = recipe.GetProperty("std").GetDouble(),
            }
            : throw new InvalidDataException($"check.json: input \"{name}\" asks for normal numbers of the type {type}; float32 is known.");
    }

    /// <summary>"int64 [1,128]: (j*7919+13) mod 30522", "int64 [1,1]: 13", or "all 1", which takes type and shape of the model's first input.</summary>
    private static Recipe ParseSentence(string name, string sentence, Recipe? first)
    {
        Match match = Sentence().Match(sentence);
        bool likeFirst = match.Success && !match.Groups["dims"].Success;
        if (!match.Success || (likeFirst && first is null))
        {
            throw new InvalidDataException($"check.json: the recipe \"{sentence}\" of input \"{name}\" is not understood.");
        }

        Ints dims = likeFirst ? first!.Dims : Ints.From(match.Groups["dims"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(d => long.Parse(d, CultureInfo.InvariantCulture)));
        long Number(string group, long absent) => match.Groups[group].Success ? long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) : absent;
        return new(name, RecipeKind.Linear, likeFirst ? first!.Type : DataType.Int64, dims)
        {
            Multiplier = Number("multiplier", 0),
            Increment = Number("increment", Number("constant", 0)),
            Modulus = Number("modulus", long.MaxValue),
        };
    }

    [GeneratedRegex(@"^(int64 \[(?<dims>[\d,]*)\]: |all )((?<constant>\d+)|\(j\*(?<multiplier>\d+)\+(?<increment>\d+)\) mod (?<modulus>\d+))$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Sentence();

    private sealed record Recipe(string Name, RecipeKind Kind, DataType Type, Ints Dims)
    {
        public long Stream { get; init; }

        public double Mean { get; init; }

        public double Std { get; init; }

        public long Multiplier { get; init; }

        public long Increment { get; init; }

        public long Modulus { get; init; }

        public Tensor Make(int variant)
        {
            // Far above any stream that the zoo names, and apart for each variant.
            const long StreamsPerVariant = 1_000_000;
            Tensor tensor = Tensor.Allocate(Type, Dims.AsSpan());
            if (Kind == RecipeKind.Normal)
            {
                ZooRandom.Normal(tensor.Span<float>(), 0, Stream + (variant * StreamsPerVariant), Mean, Std);
                return tensor;
            }

            Span<long> values = tensor.Span<long>();
            for (int j = 0; j < values.Length; j++)
            {
                // A constant (a mask, a type) stays as it is in every variant.
                values[j] = ((j * Multiplier) + Increment + (Multiplier == 0 ? 0 : variant)) % Modulus;
            }

            return tensor;
        }
    }
}
