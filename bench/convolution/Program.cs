using System.Globalization;
using Peregrine.Backends.Cpu;
using Peregrine.Bench.Convolution;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

// convolution SHAPE… [threads=N] [samples=N] [options=WORD] [epilogue=relu|silu] [cold=1] [kernel=K] [rank=1|2|3] [stride=1|2] [depthwise=1]: convolutions with kernels of one extent (3) along each of so many axes (2),
// "same" padding and bias, each tactic that takes them with each of its options, turn by turn.
// A shape is CHANNELSxEXTENT[xOUTPUTS], e.g. 64x56; the extent is that of the result.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string Setting(string name, string otherwise) => args.FirstOrDefault(a => a.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? otherwise;
int threads = int.Parse(Setting("threads", "1")), samples = int.Parse(Setting("samples", "9"));
bool isCold = Setting("cold", "0") == "1";
string wanted = Setting("options", "");
Expr x = new OperandExpr(0);
Expr epilogue = Setting("epilogue", "relu") == "silu" ? x * Expr.Sigmoid(x) : Expr.Max(x, 0);
using CpuBackend backend = new(threads);
int kernel = int.Parse(Setting("kernel", "3")), rank = int.Parse(Setting("rank", "2")), stride = int.Parse(Setting("stride", "1"));
bool isDepthwise = Setting("depthwise", "0") == "1";
using IStream stream = backend.CreateStream();
Console.WriteLine($"{backend.Device.Name}, {string.Join(", ", backend.Device.Facts)}");
foreach (string shape in args.Where(a => !a.Contains('=', StringComparison.Ordinal)))
{
    long[] extents = [.. shape.Split('x').Select(long.Parse)];
    (long channels, long extent, long outputs) = (extents[0], extents[1], extents.Length > 2 ? extents[2] : extents[0]);
    long[] window = [.. Enumerable.Repeat((long)kernel, rank)], space = [.. Enumerable.Repeat(extent, rank)], source = [.. Enumerable.Repeat(extent * stride, rank)];
    KernelRequest request = new(
        new Conv(Group: isDepthwise ? channels : 1, KernelShape: Ints.Create(window), Pads: Ints.Create([.. Enumerable.Repeat(kernel / 2L, rank), .. Enumerable.Repeat((kernel - 1) / 2L, rank)]), Strides: Ints.Create([.. Enumerable.Repeat((long)stride, rank)])),
        [Operand(OperandRole.Activation, [1, channels, .. source]), Operand(OperandRole.Weight, [outputs, isDepthwise ? 1 : channels, .. window]), Operand(OperandRole.Weight, outputs)],
        [Operand(OperandRole.Activation, [1, outputs, .. space])], epilogue);
    double work = 2 * Math.Pow(kernel, rank) * (isDepthwise ? 1 : channels) * outputs * Math.Pow(extent, rank);
    List<(Candidate Candidate, double Estimate)> candidates = [];
    foreach (ITactic tactic in backend.Tactics.Where(t => t.Id.Name.StartsWith("cpu.convolution", StringComparison.Ordinal)))
    {
        if (tactic.Consider(request, backend.Device) is Verdict.Accept accept)
        {
            bool isDirect = tactic.Id.Name.EndsWith("direct", StringComparison.Ordinal);
            foreach (TacticOption option in isDirect || Setting("best", "0") == "1" ? accept.Options.Take(1) : wanted.Contains("of", StringComparison.Ordinal) ? wanted.Split(',').Select(o => new TacticOption(o)) : accept.Options)
            {
                candidates.Add((new(backend, stream, request, tactic, option), option == accept.Options[0] ? accept.EstimatedCost : 0));
            }
        }
    }

    if (candidates.Count == 0)
    {
        Console.WriteLine($"{shape}: no tactic takes it");
        continue;
    }

    int runs = Math.Clamp((int)(4e9 / work), 1, 200);
    for (int sample = 0; sample < samples; sample++)
    {
        foreach ((Candidate candidate, _) in candidates)
        {
            if (isCold)
            {
                candidate.MeasureCold();
            }
            else
            {
                candidate.Measure(runs);
            }
        }
    }

    double direct = candidates.Where(c => c.Candidate.Name.Contains("direct", StringComparison.Ordinal) || c.Candidate.Name.Contains("depthwise", StringComparison.Ordinal)).Min(c => c.Candidate.Median);
    Console.WriteLine($"{channels}@{string.Join('x', space)} -> {outputs}{(isDepthwise ? " depthwise" : "")}, kernel {string.Join('x', window)}, stride {stride}, {threads} threads{(isCold ? ", cold" : "")}");
    foreach ((Candidate candidate, double estimate) in candidates)
    {
        Console.WriteLine($"  {candidate.Name,-56} {candidate.Median * 1e6,9:f1} µs  {work / candidate.Median / 1e9,7:f1} GFLOP/s of direct  {direct / candidate.Median,5:f2}x{(estimate > 0 ? $"  estimate {estimate * 1e6:f1}" : "")}");
        candidate.Dispose();
    }
}

KernelOperand Operand(OperandRole role, params long[] dims)
{
    ValueList<KernelDim> extents = ValueList.From(dims.Select(KernelDim.Static));
    Layout layout = role == OperandRole.Activation && backend.LayoutsOf(DataType.Float32, extents) is [{ } preferred, ..] ? preferred : Layout.RowMajor;
    return new(role, DataType.Float32, layout, extents);
}
