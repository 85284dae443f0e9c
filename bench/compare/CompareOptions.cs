using System.Globalization;

namespace Peregrine.Bench.Compare;

/// <summary>The command line.</summary>
internal sealed record CompareOptions
{
    public const string Help = """
        peregrine-compare [MODEL...]    ONNX Runtime and Peregrine on the same models and inputs, interleaved in one run

        MODEL is a zoo model's name, a real case's name, or the path of a .onnx file. Without any: all models of --zoo and --cases.
        A .onnx file takes its inputs from test_data_set_0 beside it, else random ones (unknown dimensions are 1).

          --zoo FOLDER          zoo models: a folder of expanded ones, or the folder they are expanded from (into a folder for temporary files)
          --cases FOLDER        real cases: folders with SOURCE (a path below node_modules) and test_data_set_0
          --node-modules DIR    npm packages: onnxruntime-node, trained models (default: PEREGRINE_NODE_MODULES)
          --threads 1,2         thread counts (default 1,2; with --check-only 1)
          --iterations N        rounds at most; in each, both make a row of at least four calls after a pause (default 20)
          --budget SECONDS      time for the rounds of one model at one thread count (default 20)
          --level 0..5          Peregrine's optimization level (default 3)
          --workspace BYTES     temporary memory that a kernel of Peregrine's may take (0: convolutions without Winograd)
          --batch N             so many images in one call: each input N times along its first dimension, every copy a little different (default 1)
          --dynamic             build for any shape that the model allows; by default Peregrine builds for the inputs' shapes
          --check-only          no timing: outputs only
          --noise               also how far ONNX Runtime is from itself without optimizations (max|diff|/std): the rounding errors of float32
          --json FILE           results as JSON

        ratio: ONNX Runtime's median / Peregrine's; of calls in a row, the first quarter of each row left out, and of the first calls of the rows, which follow a pause of 30 ms.
        Both run on the CPU; a timed run goes from the caller's buffers to the caller's buffers, and the input changes between runs.
        max|diff|/std: the largest difference of any output element, in standard deviations of that output (of its largest magnitude where all elements are equal).
        Exit code: 0 if all outputs agree to 1e-3, 1 if not, 2 if something is missing.
        """;

    public IReadOnlyList<string> Models { get; init; } = [];

    public string? Zoo { get; init; }

    public string? Cases { get; init; }

    public string? NodeModules { get; init; }

    public IReadOnlyList<int> Threads { get; init; } = [1, 2];

    public int Iterations { get; init; } = 20;

    public double BudgetSeconds { get; init; } = 20;

    public int Level { get; init; } = 3;

    /// <summary>Bytes of temporary memory that Peregrine's kernels may take; null for any amount.</summary>
    public long? Workspace { get; init; }

    /// <summary>How often inputs are repeated along their first dimension.</summary>
    public int Batch { get; init; } = 1;

    public bool Dynamic { get; init; }

    public bool CheckOnly { get; init; }

    public bool Noise { get; init; }

    public string? JsonPath { get; init; }

    /// <summary>Null with a complaint, or with the help text.</summary>
    public static CompareOptions? Parse(string[] arguments, out string? complaint)
    {
        CompareOptions options = new();
        List<string> models = [];
        bool threadsGiven = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name is "-h" or "--help")
            {
                complaint = Help;
                return null;
            }

            CompareOptions? flagged = name switch
            {
                "--check-only" => options with { CheckOnly = true },
                "--dynamic" => options with { Dynamic = true },
                "--noise" => options with { Noise = true },
                _ => null,
            };
            if (flagged is not null)
            {
                options = flagged;
                continue;
            }

            if (!name.StartsWith("--", StringComparison.Ordinal))
            {
                models.Add(name);
                continue;
            }

            if (++i == arguments.Length)
            {
                complaint = $"{name} needs a value; see --help.";
                return null;
            }

            string value = arguments[i];
            CompareOptions? next = name switch
            {
                "--zoo" => options with { Zoo = value },
                "--cases" => options with { Cases = value },
                "--node-modules" => options with { NodeModules = value },
                "--json" => options with { JsonPath = value },
                "--threads" when Numbers(value) is { } threads => options with { Threads = threads },
                "--iterations" when Number(value) is { } number => options with { Iterations = number },
                "--batch" when Number(value) is { } number => options with { Batch = number },
                "--budget" when Number(value) is { } number => options with { BudgetSeconds = number },
                "--workspace" when long.TryParse(value, CultureInfo.InvariantCulture, out long bytes) && bytes >= 0 => options with { Workspace = bytes },
                "--level" when int.TryParse(value, CultureInfo.InvariantCulture, out int level) && level is >= 0 and <= 5 => options with { Level = level },
                _ => null,
            };
            if (next is null)
            {
                complaint = $"{name} {value} is not understood; see --help.";
                return null;
            }

            threadsGiven |= name == "--threads";
            options = next;
        }

        complaint = null;
        return options with { Models = models, Threads = options.CheckOnly && !threadsGiven ? [1] : options.Threads };
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : null;

    private static List<int>? Numbers(string text)
    {
        List<int?> numbers = [.. text.Split(',').Select(Number)];
        return numbers.Contains(null) ? null : [.. numbers.Select(n => n!.Value)];
    }
}
