using System.CommandLine;
using Peregrine.Cli.Benchmarking;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine bench kernel</c>: every tactic on one kernel.</summary>
internal sealed class BenchKernelCommand : CliCommand
{
    private readonly Argument<string> _kernel = new("KERNEL") { Description = "What to compute, in one argument: \"conv f32 n=1 c=64 h=56 w=56 oc=64 k=3 pad=1 +relu\"." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the second table; the first is always of one. By default the cores that the process may use.", HelpName = "N" };
    private readonly Option<bool> _cold = new("--cold") { Description = "Activations rotate among copies that exceed the second-level cache, as they do when an engine is built; otherwise they stay where they are." };
    private readonly Option<string?> _json = new("--json") { Description = "Writes the result as JSON (- for the standard output, and nothing else there).", HelpName = "FILE" };

    public BenchKernelCommand()
        : base("kernel", "Checks and times every tactic and option on one kernel, and compares with the peak of the processor.")
    {
        Add(_kernel);
        Add(_threads);
        Add(_cold);
        Add(_json);
        AddVerbosity();
    }

    public override string Notes => """
          conv: n c h w oc k [kw stride pad dilation group bias]; gemm: m n k; matmul: batch m n k; pointwise: n c h w.
          Behind plus signs what joins the kernel: residual bias scale relu relu6 leakyrelu sigmoid hardsigmoid tanh silu hardswish gelu.
          Activations lie as the backend prefers; weights are constant. Times are lower quartiles of many batches. The peak is measured in the same run
          and way, by multiply-adds on registers alone.
        """;

    public override string Examples => """
          peregrine bench kernel "conv f32 n=1 c=64 h=56 w=56 oc=64 k=3 pad=1 +relu"
          peregrine bench kernel "conv f32 n=1 c=64 h=56 oc=256 k=1 +residual +relu"
          peregrine bench kernel "gemm f32 m=512 n=512 k=512 +relu" --threads 4 --json result.json
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        string text = parse.GetRequiredValue(_kernel);
        int? threads = parse.GetValue(_threads);
        if (threads is < 1 or > 4096)
        {
            throw new UsageException("--threads must be 1 to 4096.");
        }

        KernelBenchmark report;
        try
        {
            report = KernelBenchmark.Run(text, threads, parse.GetValue(_cold), session.Cancellation);
        }
        catch (FormatException e)
        {
            throw new UsageException(e.Message);
        }

        string? json = parse.GetValue(_json);
        if (json is not null)
        {
            Report.Write(json, report, session);
        }

        if (json != "-")
        {
            report.Print(session);
        }

        return ExitCode.Done;
    }
}
