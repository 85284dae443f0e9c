using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Peregrine.Bench.Compare;

/// <summary>One model at one thread count.</summary>
internal sealed record CompareResult(string Model, int Threads)
{
    /// <summary>Median of calls in a row.</summary>
    public double OrtMilliseconds { get; init; } = double.NaN;

    /// <inheritdoc cref="OrtMilliseconds"/>
    public double OursMilliseconds { get; init; } = double.NaN;

    /// <summary>Median of calls after a pause.</summary>
    public double OrtAfterPause { get; init; } = double.NaN;

    /// <inheritdoc cref="OrtAfterPause"/>
    public double OursAfterPause { get; init; } = double.NaN;

    public double BuildMilliseconds { get; init; } = double.NaN;

    public int Iterations { get; init; }

    public IReadOnlyList<OutputDeviation> Outputs { get; init; } = [];

    /// <summary>How far ONNX Runtime is from itself without optimizations; null if not asked for.</summary>
    public double? OrtNoise { get; init; }

    /// <summary>Why there is no result; null if there is one.</summary>
    public string? Problem { get; init; }

    public double Ratio => OrtMilliseconds / OursMilliseconds;

    public double RatioAfterPause => OrtAfterPause / OursAfterPause;

    public bool IsGood => Problem is null && Outputs.Count > 0 && Outputs.All(o => o.IsGood);

    public OutputDeviation? Worst => Outputs.MaxBy(o => double.IsNaN(o.Relative) ? double.PositiveInfinity : o.Relative);
}

/// <summary>Results as lines of a table and as JSON.</summary>
internal static class CompareReport
{
    public static string Line(CompareResult result, bool withHead)
    {
        string head = withHead ? $"{"model",-24} {"threads",7} {"ORT ms",10} {"ours ms",10} {"ratio",7} {"paused: ORT",11} {"ours ms",9} {"ratio",7} {"rounds",6} {"build ms",9} {"max|diff|/std",13}  result\n" : "";
        return head + (result.Problem is { } problem
            ? $"{result.Model,-24} {result.Threads,7} {problem}"
            : string.Create(CultureInfo.InvariantCulture, $"{result.Model,-24} {result.Threads,7} {result.OrtMilliseconds,10:F3} {result.OursMilliseconds,10:F3} {result.Ratio,7:F3} {result.OrtAfterPause,11:F3} {result.OursAfterPause,9:F3} {result.RatioAfterPause,7:F3} {result.Iterations,6} {result.BuildMilliseconds,9:F0} {result.Worst!.Relative,13:E2}  {(result.OrtNoise is { } noise ? $"(ORT itself {noise:E2}) " : "")}{(result.IsGood ? "ok" : $"DEVIATES in \"{result.Worst.Name}\" {result.Worst.Type}")}"));
    }

    public static string Json(IReadOnlyList<CompareResult> results, string ortVersion)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new() { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("date", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            json.WriteString("onnx_runtime", ortVersion);
            json.WriteString("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors");
            json.WriteStartArray("results");
            foreach (CompareResult result in results)
            {
                Write(json, result);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, CompareResult result)
    {
        json.WriteStartObject();
        json.WriteString("model", result.Model);
        json.WriteNumber("threads", result.Threads);
        if (result.Problem is { } problem)
        {
            json.WriteString("problem", problem);
        }
        else
        {
            json.WriteNumber("ort_ms", result.OrtMilliseconds);
            json.WriteNumber("ours_ms", result.OursMilliseconds);
            json.WriteNumber("ratio", result.Ratio);
            json.WriteNumber("ort_after_pause_ms", result.OrtAfterPause);
            json.WriteNumber("ours_after_pause_ms", result.OursAfterPause);
            json.WriteNumber("ratio_after_pause", result.RatioAfterPause);
            json.WriteNumber("iterations", result.Iterations);
            json.WriteNumber("build_ms", result.BuildMilliseconds);
            if (result.OrtNoise is { } noise)
            {
                Number(json, "ort_noise", noise);
            }

            json.WriteStartArray("outputs");
            foreach (OutputDeviation output in result.Outputs)
            {
                json.WriteStartObject();
                json.WriteString("name", output.Name);
                json.WriteString("type", output.Type);
                Number(json, "max_difference", output.MaxDifference);
                json.WriteNumber("scale", output.Scale);
                Number(json, "relative", output.Relative);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteBoolean("ok", result.IsGood);
        json.WriteEndObject();
    }

    /// <summary>JSON has no infinities: null stands for what is no finite number.</summary>
    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
