using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>One candidate on a <see cref="TrialBench"/>: its kernel as the only step of a plan, run as an engine would run it.</summary>
internal sealed class Trial : IDisposable
{
    // Where the runtime compiles in a hurry first, it makes better code of what ran often when nothing new has come for a tenth of a second. Kernels of one tactic share most of it.
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromMilliseconds(RuntimeFeature.IsDynamicCodeCompiled && IsOn("TieredCompilation") && IsOn("TieredCompilation.QuickJit") ? 150 : 0);
    private static readonly ConcurrentDictionary<TacticId, bool> WarmTactics = [];

    private readonly TrialBench _bench;
    private readonly Plan _plan;
    private readonly IKernel _kernel;
    private readonly DeviceBuffer? _scratch;
    private readonly List<double> _samples = [];
    private IDeviceProgram? _program;
    private SlotTable[] _tables = [];
    private int _next;
    private int _batch = 1;

    public Trial(TrialBench bench, ITactic tactic, TacticOption option)
    {
        _bench = bench;
        _kernel = tactic.Compile(bench.Request, option);
        _plan = MakePlan(bench, tactic.Id, option);
        long scratch = _kernel.ScratchBytes([.. bench.Extents.Inputs.Select((d, i) => Dims(bench.Request.Inputs[i], d))], [.. bench.Extents.Outputs.Select((d, i) => Dims(bench.Request.Outputs[i], d))]);
        _scratch = scratch > 0 ? bench.Backend.Allocate(scratch) : null;
    }

    /// <summary>The lower quartile of all measured times so far, in seconds per run: an interruption makes a batch longer, never shorter, and may meet half of them.</summary>
    public double Seconds => LowerQuartile(_samples);

    /// <summary>The shortest measured time, in seconds per run: what disturbances of the machine touch least.</summary>
    public double Shortest => _samples.Min();

    /// <summary>Seconds spent on measuring.</summary>
    public TimeSpan Spent { get; private set; }

    /// <summary>Runs on every set of values and compares with the reference. What is wrong, or null.</summary>
    public string? Prove(CancellationToken cancellation)
    {
        // The first set comes last: it stays prepared for timing.
        foreach (TrialOperands operands in _bench.Operands.Reverse())
        {
            cancellation.ThrowIfCancellationRequested();
            Prepare(operands);
            _bench.Spoil();
            SlotTable table = Bind(operands.Inputs, _bench.Outputs(0));
            _program!.Enqueue(table, 0, 1, _bench.Stream, cancellation);
            _bench.Stream.Synchronize();
            if (_bench.Problem(operands) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    /// <summary>Measures one batch of runs, the first time after a warm-up.</summary>
    public void Measure()
    {
        long start = Stopwatch.GetTimestamp();
        if (_tables.Length == 0)
        {
            if (_program is null)
            {
                Prepare(_bench.Operands[0]);
            }

            _tables = [.. Enumerable.Range(0, _bench.Copies).Select(copy => Bind(_bench.Inputs(copy), _bench.Outputs(copy)))];
            // Every copy once: pages are touched, kernels have made their views.
            double first = RunBatch(_tables.Length);
            if (first < Tuner.BatchTime.TotalSeconds)
            {
                first = RunBatch(_tables.Length);
            }

            if (WarmTactics.TryAdd(((KernelStep)_plan.Steps[0]).Tactic, true))
            {
                for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < WarmUpTime;)
                {
                    first = RunBatch(_tables.Length);
                }

                start = Stopwatch.GetTimestamp();
            }

            _batch = (int)Math.Clamp(Tuner.BatchTime.TotalSeconds / Math.Max(first, 1e-9), 1, 10_000);
        }

        _samples.Add(RunBatch(_batch));
        Spent += Stopwatch.GetElapsedTime(start);
    }

    public void Dispose()
    {
        _program?.Dispose();
        _scratch?.Dispose();
    }

    /// <summary>Seconds per run.</summary>
    private double RunBatch(int runs)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < runs; i++)
        {
            _program!.Enqueue(_tables[_next], 0, 1, _bench.Stream);
            _next = _next + 1 == _tables.Length ? 0 : _next + 1;
        }

        _bench.Stream.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / runs;
    }

    private void Prepare(TrialOperands operands)
    {
        if (_program is not null && !_bench.HasConstants)
        {
            // It depends on the constants alone.
            return;
        }

        _program?.Dispose();
        _program = null;
        _program = _bench.Backend.Prepare(new(_plan, 0, 1), [_kernel], operands.Inputs);
    }

    private SlotTable Bind(DeviceBuffer?[] inputs, DeviceBuffer?[] outputs)
    {
        SlotTable table = new(_plan);
        KernelStep step = (KernelStep)_plan.Steps[0];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (step.Inputs[i] >= 0)
            {
                table.Bind((int)step.Inputs[i], inputs[i]!, 0, _bench.Extents.Inputs[i].ToArray());
            }
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            if (step.Outputs[i] >= 0)
            {
                table.Bind((int)step.Outputs[i], outputs[i]!, TrialBench.OutputOffset, _bench.Extents.Outputs[i].ToArray());
            }
        }

        table.BindScratch(0, _scratch, 0);
        return table;
    }

    private static bool IsOn(string setting) => !AppContext.TryGetSwitch($"System.Runtime.{setting}", out bool isOn) || isOn;

    private static double LowerQuartile(List<double> samples) => samples.Order().ElementAt((samples.Count - 1) / 4);

    private static long[]? Dims(KernelOperand operand, Ints extents) => operand.Role == OperandRole.Absent ? null : extents.ToArray();

    /// <summary>A plan of one step. Constants have the number of their operand.</summary>
    private static Plan MakePlan(TrialBench bench, TacticId tactic, TacticOption option)
    {
        List<BufferSlot> slots = [];
        List<int> inputs = [];
        List<PlanOutput> outputs = [];
        long[] inputSlots = new long[bench.Request.Inputs.Count], outputSlots = new long[bench.Request.Outputs.Count];
        for (int i = 0; i < inputSlots.Length; i++)
        {
            KernelOperand operand = bench.Request.Inputs[i];
            bool isConstant = operand.Role is OperandRole.Weight or OperandRole.Parameter;
            inputSlots[i] = Add(operand, bench.Extents.Inputs[i], $"in{i}", isConstant ? SlotKind.Constant : SlotKind.Input, -1, isConstant ? i : -1);
            if (operand.Role == OperandRole.Activation)
            {
                inputs.Add((int)inputSlots[i]);
            }
        }

        for (int i = 0; i < outputSlots.Length; i++)
        {
            outputSlots[i] = Add(bench.Request.Outputs[i], bench.Extents.Outputs[i], $"out{i}", SlotKind.Arena, 0, -1);
            if (outputSlots[i] >= 0)
            {
                outputs.Add(new($"out{i}", (int)outputSlots[i]));
            }
        }

        KernelStep step = new("trial", Texts.Empty, Ints.Create(inputSlots), Ints.Create(outputSlots), bench.Oracle, bench.Request, tactic, option);
        ShapeProgram shapes = new([], ValueList.From(slots.Select(s => (Shape?)((TensorType)s.Type).Shape)), Ints.Repeat(0, slots.Count), [-1], []);
        return new("trial", slots, inputs, outputs, [step], shapes, []);

        long Add(KernelOperand operand, Ints extents, string name, SlotKind kind, int firstStep, int target)
        {
            if (operand.Role == OperandRole.Absent)
            {
                return -1;
            }

            slots.Add(new(slots.Count, name, new TensorType(operand.Type, Shape.Of(extents.AsSpan())), operand.Layout, kind, firstStep, 1, target));
            return slots.Count - 1;
        }
    }
}
