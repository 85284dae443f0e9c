using System.Globalization;
using Peregrine.Backends.Cpu;
using Peregrine.Bench.Convolution;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

// convolution SHAPE… [threads=N] [samples=N] [options=WORD] [epilogue=relu|silu] [cold=1]: 3×3 convolutions with padding 1 and bias, each tactic that takes them with each of its options, turn by turn.
// A shape is CHANNELSxEXTENT[xOUTPUTS], e.g. 64x56.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string Setting(string name, string otherwise) => args.FirstOrDefault(a => a.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? otherwise;
int threads = int.Parse(Setting("threads", "1")), samples = int.Parse(Setting("samples", "9"));
bool isCold = Setting("cold", "0") == "1";
string wanted = Setting("options", "");
Expr x = new OperandExpr(0);
Expr epilogue = Setting("epilogue", "relu") == "silu" ? x * Expr.Sigmoid(x) : Expr.Max(x, 0);
using CpuBackend backend = new(threads);
using IStream stream = backend.CreateStream();
Console.WriteLine($"{backend.Device.Name}, {string.Join(", ", backend.Device.Facts)}");
foreach (string shape in args.Where(a => !a.Contains('=', StringComparison.Ordinal)))
{
    long[] extents = [.. shape.Split('x').Select(long.Parse)];
    (long channels, long extent, long outputs) = (extents[0], extents[1], extents.Length > 2 ? extents[2] : extents[0]);
    KernelRequest request = new(
        new Conv(KernelShape: [3, 3], Pads: [1, 1, 1, 1]),
        [Operand(OperandRole.Activation, 1, channels, extent, extent), Operand(OperandRole.Weight, outputs, channels, 3, 3), Operand(OperandRole.Weight, outputs)],
        [Operand(OperandRole.Activation, 1, outputs, extent, extent)], epilogue);
    double work = 18.0 * channels * outputs * extent * extent;
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

    int runs = Math.Max(1, (int)(4e9 / work));
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

    double direct = candidates.Find(c => c.Candidate.Name.Contains("direct", StringComparison.Ordinal)).Candidate.Median;
    Console.WriteLine($"{channels}@{extent}² -> {outputs}, {threads} threads{(isCold ? ", cold" : "")}");
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
