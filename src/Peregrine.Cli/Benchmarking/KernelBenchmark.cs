using Peregrine.Backends.Cpu;
using Peregrine.Compiler;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine.Cli.Benchmarking;

/// <summary>All tactics on one kernel, as JSON shows it.</summary>
/// <param name="Request">What the tactics were asked, layouts included.</param>
/// <param name="Gflop">Work of one call, in 10^9 operations; 0 for a pointwise kernel.</param>
/// <param name="Megabytes">All operands, in 10^6 bytes.</param>
internal sealed record KernelBenchmark(string Kernel, string Request, string Device, double Gflop, double Megabytes, IReadOnlyList<KernelTable> Tables)
{
    /// <summary>Tries everything with one thread, and again with more.</summary>
    /// <exception cref="FormatException">The text is no kernel.</exception>
    public static KernelBenchmark Run(string text, int? threads, bool cold, CancellationToken cancellation)
    {
        KernelCase plain = KernelCase.Parse(text);
        List<KernelTable> tables = [];
        string request = "", device = "";
        using CpuBackend many = new(threads);
        foreach (int workers in new[] { 1, many.Device.Parallelism }.Distinct())
        {
            using CpuBackend? single = workers == many.Device.Parallelism ? null : new(workers);
            CpuBackend backend = single ?? many;
            KernelCase kernel = KernelCase.Parse(text, (type, dims) => ((IBackend)backend).LayoutsOf(type, dims) is [var preferred, ..] ? preferred : Layout.RowMajor);
            if (!backend.Tactics.SkipLast(1).Any(t => t.Consider(kernel.Request, backend.Device) is Verdict.Accept))
            {
                // Nobody takes it in the preferred layouts.
                kernel = plain;
            }

            (request, device) = (kernel.Request.ToString(), backend.Device.Name);
            Tuner tuner = new(backend, new() { Level = 5, HotOperands = !cold }, cancellation);
            Selection? selection = tuner.Find(kernel.Request, kernel.Oracle);
            IReadOnlyList<Candidate> candidates = tuner.Report().Requests[0].Candidates;
            double? peak = backend.MeasurePeak(kernel.Request.Outputs[0].Type, TimeSpan.FromSeconds(Math.Max(Tuner.BatchTime.TotalSeconds, candidates.Min(c => c.Seconds) ?? 0)));
            tables.Add(new(workers, peak / 1e9, [.. candidates.Select(c => KernelRow.Of(c, kernel, peak, selection)).OrderBy(r => r.Ms ?? double.PositiveInfinity)]));
        }

        return new(text, request, device, plain.Operations / 1e9, plain.Bytes / 1e6, tables);
    }

    public void Print(Session session)
    {
        session.Write(Request);
        session.Write(FormattableString.Invariant($"{Gflop:G4} GFLOP, {Megabytes:G4} MB, on {Device}"));
        foreach (KernelTable table in Tables)
        {
            session.Write("");
            session.Write(FormattableString.Invariant($"{table.Threads} {(table.Threads == 1 ? "thread" : "threads")}{(table.PeakGflops is { } peak ? $", peak {peak:F1} GFLOP/s" : "")}"));
            session.Write($"{"ms",10} {"GFLOP/s",9} {"peak",7} {"GB/s",7}  tactic");
            foreach (KernelRow row in table.Candidates)
            {
                string name = $"{(row.Chosen ? "* " : "  ")}{row.Tactic} {row.Option}".TrimEnd();
                session.Write(row.Ms is null
                    ? $"{row.Outcome,36}  {name}: {row.Reason}"
                    : FormattableString.Invariant($"{row.Ms,10:F4} {(row.Gflops is { } speed ? speed.ToString("F1", System.Globalization.CultureInfo.InvariantCulture) : "-"),9} {(row.ShareOfPeak is { } share ? share.ToString("P1", System.Globalization.CultureInfo.InvariantCulture) : "-"),7} {row.GigabytesPerS,7:F1}  {name}"));
            }
        }
    }
}

/// <summary>The tactics at one number of threads, the fastest first.</summary>
/// <param name="PeakGflops">Measured in the same run; null if there is no probe for the type.</param>
internal sealed record KernelTable(int Threads, double? PeakGflops, IReadOnlyList<KernelRow> Candidates);

/// <summary>A tactic with an option.</summary>
/// <param name="Outcome">measured, skipped, rejected (it is wrong) or declined.</param>
internal sealed record KernelRow(string Tactic, string? Option, bool Chosen, string Outcome, double? Ms, double? Gflops, double? ShareOfPeak, double? GigabytesPerS, double? EstimatedMs, string Reason)
{
    public static KernelRow Of(Candidate candidate, KernelCase kernel, double? peak, Selection? selection) => new(
        candidate.Tactic.ToString(),
        candidate.Option?.Text,
        selection is not null && candidate.Tactic == selection.Tactic.Id && candidate.Option == selection.Option,
        candidate.Outcome.ToString().ToLowerInvariant(),
        1000 * candidate.Seconds,
        kernel.Operations > 0 ? kernel.Operations / candidate.Seconds / 1e9 : null,
        kernel.Operations > 0 ? kernel.Operations / candidate.Seconds / peak : null,
        kernel.Bytes / candidate.Seconds / 1e9,
        1000 * candidate.EstimatedSeconds,
        candidate.Reason);
}
