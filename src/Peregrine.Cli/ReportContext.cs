using System.Text.Json.Serialization;
using Peregrine.Cli.Benchmarking;
using Peregrine.Cli.Commands;
using Peregrine.Cli.Inspection;

namespace Peregrine.Cli;

/// <summary>What <see cref="Report"/> writes. Writers are generated when the program is built: a program of machine code alone cannot make them from the types, and starting takes longer where they are made.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(BenchmarkReport))]
[JsonSerializable(typeof(BuildCommand.BuildReport))]
[JsonSerializable(typeof(CapabilityInspection))]
[JsonSerializable(typeof(ConformanceCommand.ConformanceSummary))]
[JsonSerializable(typeof(EngineInspection))]
[JsonSerializable(typeof(KernelBenchmark))]
internal sealed partial class ReportContext : JsonSerializerContext;
