using System.CommandLine;
using Peregrine.Compiler;
using Peregrine.Runtime.Tuning;

namespace Peregrine.Cli.Options;

/// <summary>The options that say how an engine is built, and the builder that they amount to.</summary>
internal sealed class BuildSettings
{
    private readonly Option<string> _precision = new("--precision")
    {
        Description = "Number formats that the engine may compute in. Every engine computes in fp32, and best means fp32; fp16, bf16 and int8 are not available yet.",
        HelpName = "fp32|fp16|bf16|int8|best",
        DefaultValueFactory = _ => "fp32",
    };

    private readonly Option<int> _level = new("--level") { Description = "Builder optimization level: 0 chooses kernels by their own estimates; from 1 on they are checked and timed on this machine, the few most promising ones (1) up to all (5).", HelpName = "0..5" };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of one call; by default the cores that the process may use. The results do not depend on it.", HelpName = "N" };
    private readonly Option<string[]> _disable = new("--disable") { Description = "Switch a pass or rewrite off, by the name that -vv shows. May be repeated.", HelpName = "PASS", Arity = ArgumentArity.OneOrMore };
    private readonly Option<int?> _stopAfterPatch = new("--stop-after-patch") { Description = "Leave the graph alone after N patches (numbered by -vv): finds by bisection the patch that breaks a model.", HelpName = "N" };
    private readonly Option<bool> _verify = new("--verify") { Description = "Check the graph's invariants after every pass." };

    private readonly Option<string?> _timingCache = new("--timing-cache") { Description = "Keeps measured times of kernels in this file, so that the next build measures only what is new; off for none. By default a file in the user's cache folder (PEREGRINE_CACHE moves it).", HelpName = "FILE" };
    private readonly Option<string?> _workspace = new("--workspace") { Description = "The most temporary memory that a kernel may take; kernels that want more are skipped, and the report says so.", HelpName = "1GiB" };
    private readonly Option<bool> _deterministic = new("--deterministic") { Description = "Choose kernels without timing any, so that two builds give the same bytes." };
    private readonly Option<string?> _tactics = new("--tactics") { Description = "A manifest of which kernel serves what: its choices are obeyed, missing ones are added; it is made if it does not exist.", HelpName = "FILE" };

    /// <summary>What the last build tried; null if nothing was built.</summary>
    public TuningReport? Tuning { get; private set; }

    /// <summary>Adds the options to a command.</summary>
    public BuildSettings(Command command, int defaultLevel = 3)
    {
        _level.DefaultValueFactory = _ => defaultLevel;
        command.Add(_precision);
        command.Add(_level);
        command.Add(_threads);
        command.Add(_timingCache);
        command.Add(_workspace);
        command.Add(_deterministic);
        command.Add(_tactics);
        command.Add(_disable);
        command.Add(_stopAfterPatch);
        command.Add(_verify);
    }

    /// <summary>The threads that were asked for; null for all cores.</summary>
    public int? Threads(ParseResult parse) => parse.GetValue(_threads) switch
    {
        < 1 or > 4096 => throw new UsageException("--threads must be 1 to 4096."),
        int threads => threads,
        null => null,
    };

    /// <summary>Checks the options that say what happens to a graph before kernels are chosen for it.</summary>
    public CompileOptions PassOptions(ParseResult parse, Session session) => new()
    {
        Disabled = new HashSet<string>((parse.GetValue(_disable) ?? []).Select(KnownPass), StringComparer.Ordinal), StopAfterPatch = Patches(parse), Verify = parse.GetValue(_verify),
        Log = session.Verbosity > 1 ? Console.Error.WriteLine : null,
    };

    private int Patches(ParseResult parse) => (parse.GetValue(_stopAfterPatch) ?? int.MaxValue) is var patches and >= 0 ? patches : throw new UsageException("--stop-after-patch must be 0 or more.");

    /// <summary>Checks the options and makes a builder with them.</summary>
    public EngineBuilder CreateBuilder(ParseResult parse, Session session)
    {
        int? threads = Threads(parse);
        int level = parse.GetValue(_level), patches = Patches(parse);
        string precision = parse.GetValue(_precision)!;
        switch (precision)
        {
            case "fp32":
                break;
            case "best":
                session.Remark("--precision best: fp32 is the only precision so far.");
                break;
            case "fp16" or "bf16" or "int8":
                throw UsageException.NotAvailable($"--precision {precision}");
            default:
                throw new UsageException($"--precision {precision}: there are fp32, fp16, bf16, int8 and best.");
        }

        if (level is < 0 or > 5)
        {
            throw new UsageException("--level must be 0 to 5.");
        }

        session.Remark($"level {level}");
        EngineBuilder builder = new EngineBuilder().UseCpu(cpu => cpu.Threads = threads).Level(level).Deterministic(parse.GetValue(_deterministic)).TacticManifest(parse.GetValue(_tactics)).TuningReport(report => OnTuned(report, session)).StopAfterPatch(patches).VerifyPasses(parse.GetValue(_verify)).Logger(session.Logger);
        if (parse.GetValue(_timingCache) is { } cache)
        {
            builder.TimingCache(cache is "off" or "none" ? null : cache);
        }

        if (parse.GetValue(_workspace) is { } workspace)
        {
            builder.Workspace(Sizes.Parse(workspace) ?? throw new UsageException($"--workspace {workspace}: give a number of bytes, such as 1GiB, 512MiB or 65536."));
        }

        foreach (string pass in parse.GetValue(_disable) ?? [])
        {
            builder.Disable(KnownPass(pass));
        }

        return session.Verbosity > 1 ? builder.PassLog(Console.Error.WriteLine) : builder;
    }

    private void OnTuned(TuningReport report, Session session)
    {
        Tuning = report;
        session.Remark(FormattableString.Invariant($"kernels: {report.Requests.Count} different, {report.Measured} candidates measured, {report.FromCache} from the timing cache, {report.Skipped} skipped, {report.Rejected} rejected, in {report.Seconds:F1} s"));
        if (report.CacheDamaged + report.CacheMismatched > 0)
        {
            session.Remark($"timing cache {report.CachePath}: {report.CacheDamaged} damaged lines and {report.CacheMismatched} entries of other versions were passed over");
        }
    }

    /// <summary>The name, if there is such a pass or rewrite.</summary>
    public static string KnownPass(string name) => Pipeline.Names.Contains(name, StringComparer.Ordinal)
        ? name
        : throw new UsageException($"--disable {name}: there is no such pass or rewrite. There are {string.Join(", ", Pipeline.Names.Order(StringComparer.Ordinal))}.");
}
