using System.Diagnostics;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>
/// Runs one plan for one context: binds inputs, evaluates the shape program when shapes change, gives slots their memory, and walks the steps. A second run with
/// the same shapes binds nothing and allocates nothing.
/// </summary>
internal sealed class PlanRunner : IDisposable
{
    private readonly PreparedPlan _prepared;
    private readonly RunnerServices _services;
    private readonly SlotMemory _memory;
    private readonly PlanRunner?[][] _children;

    public PlanRunner(PreparedPlan prepared, RunnerServices services, SlotMemory? outer = null)
    {
        _prepared = prepared;
        _services = services;
        _memory = new(prepared, services, outer);
        _children = [.. prepared.Plan.Steps.Select(s => new PlanRunner?[s.Subplans.Count])];
    }

    public Plan Plan => _prepared.Plan;

    public SlotMemory Memory => _memory;

    /// <summary>Bytes of arenas and growable buffers, sub-plans included.</summary>
    public long ArenaBytes => _memory.ArenaBytes + _children.SelectMany(c => c).Sum(c => c?.ArenaBytes ?? 0);

    /// <summary>Runs all steps on the inputs bound in <see cref="Memory"/>.</summary>
    public void Run(CancellationToken cancellation)
    {
        _memory.Prepare();
        IExecutionObserver? observer = _services.Observer;
        int index = 0;
        while (index < Plan.Steps.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            // With an observer control comes back after every step.
            int count = _prepared.Programs[index] is null || observer is not null ? 1 : _prepared.RunLengths[index];
            long start = observer is null ? 0 : Stopwatch.GetTimestamp();
            if (_prepared.Programs[index] is { } program)
            {
                program.Enqueue(_memory.Slots, index, count, _services.Stream, cancellation);
            }
            else
            {
                RunOnHost(index, Plan.Steps[index], cancellation);
            }

            if (observer is not null)
            {
                _services.Stream.Synchronize();
                observer.OnStep(Plan, index, Stopwatch.GetElapsedTime(start));
                ShowTensors(observer, Plan.Steps[index]);
            }

            index += count;
        }

        _services.Stream.Synchronize();
    }

    public void Dispose()
    {
        _memory.Dispose();
        foreach (PlanRunner? child in _children.SelectMany(c => c))
        {
            child?.Dispose();
        }
    }

    private void RunOnHost(int index, Step step, CancellationToken cancellation)
    {
        _services.Stream.Synchronize();
        switch (step)
        {
            case HostStep host:
                RunHostStep(host, cancellation);
                break;
            case IfStep branch:
                bool taken = ScalarOf(branch, 0) != 0;
                PlanRunner child = Child(index, taken ? 0 : 1);
                object?[] captures = [.. branch.Inputs.Skip(1).Select(s => _memory.Get((int)s))];
                child.BindInputs(captures);
                child.Run(cancellation);
                for (int i = 0; i < branch.Outputs.Count; i++)
                {
                    if (branch.Outputs[i] >= 0)
                    {
                        _memory.Set((int)branch.Outputs[i], SlotMemory.Detach(child.Result(i), captures));
                    }
                }

                break;
            case LoopStep loop:
                LoopRunner.Run(this, index, loop, cancellation);
                break;
            default:
                throw new InternalCompilerException($"The step {step.Name} is of no known kind.");
        }

        _memory.OnStepDone(index);
    }

    private void RunHostStep(HostStep step, CancellationToken cancellation)
    {
        if (step.Operator is ISubgraphOperator && step.Outputs.Any(s => s >= 0 && Plan.Slots[(int)s].Type == IrType.Unknown))
        {
            // Operators with bodies are evaluated as they were inferred; this one was not.
            throw new ModelException(Diagnostic.Error("PG3003", $"{step.Kind} \"{step.Name}\" cannot be computed for these shapes."));
        }

        object?[] inputs = [.. step.Inputs.Select(s => _memory.Get((int)s))];
        IrType?[] types = [.. step.Inputs.Select(s => s < 0 ? null : Plan.Slots[(int)s].Type)];
        bool[] wanted = [.. step.Outputs.Select(s => s >= 0)];
        object?[] results = ReferenceEvaluator.Evaluate(step.Operator, step.Name, inputs, types, wanted, _services.BodySymbols, _memory.SymbolValue, cancellation);
        for (int i = 0; i < results.Length; i++)
        {
            if (wanted[i])
            {
                _memory.Set((int)step.Outputs[i], SlotMemory.Detach(results[i]!, inputs));
            }
        }
    }

    /// <summary>The runner of a control step's sub-plan, made at its first use.</summary>
    internal PlanRunner Child(int step, int subplan) => _children[step][subplan] ??= new(_prepared.Children(step)[subplan], _services, _memory);

    internal void BindInputs(IReadOnlyList<object?> values)
    {
        for (int i = 0; i < values.Count; i++)
        {
            _memory.BindInput(i, values[i]);
        }
    }

    /// <summary>Output number <paramref name="output"/> after a run; memory of the runner, valid until its next run.</summary>
    internal object Result(int output) => _memory.Get(Plan.Outputs[output].Slot)!;

    /// <summary>The one element of a condition or a trip count.</summary>
    internal long ScalarOf(Step step, int input)
    {
        object? value = _memory.Get((int)step.Inputs[input]);
        if (value is not Tensor { Length: 1, Type: not DataType.String } tensor)
        {
            throw new ModelException(Diagnostic.Error("PG3001", $"{step.Kind} \"{step.Name}\": input {input} must have one element, but is {value ?? "absent"}."));
        }

        Span<long> element = stackalloc long[1];
        ElementConversion.Load(tensor, element);
        return element[0];
    }

    private void ShowTensors(IExecutionObserver observer, Step step)
    {
        foreach (long slot in step.Outputs)
        {
            if (slot >= 0 && observer.Wants(Plan, Plan.Slots[(int)slot]) && _memory.Get((int)slot) is Tensor tensor)
            {
                observer.OnTensor(Plan, Plan.Slots[(int)slot], tensor);
            }
        }
    }
}

/// <summary>What all runners of one context share.</summary>
internal sealed class RunnerServices(IBackend backend, IStream stream, IReadOnlyList<Constant> constants, IReadOnlyList<DeviceBuffer?> constantBuffers, Symbolics.SymbolTable bodySymbols)
{
    public IBackend Backend { get; } = backend;

    public IStream Stream { get; } = stream;

    public IReadOnlyList<Constant> Constants { get; } = constants;

    /// <summary>One buffer per constant of the engine; null for strings.</summary>
    public IReadOnlyList<DeviceBuffer?> ConstantBuffers { get; } = constantBuffers;

    /// <summary>The symbol table of operators with bodies that a host step evaluates.</summary>
    public Symbolics.SymbolTable BodySymbols { get; } = bodySymbols;

    public IExecutionObserver? Observer { get; set; }
}
