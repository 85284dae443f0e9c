using Peregrine.CodeGen.X64;
using Peregrine.Operators;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>Writes an epilogue for all sums of a tile, as many of them at once as there are registers: one sum's chain of dependent instructions would wait for itself most of the time.</summary>
internal sealed class EpilogueWriter
{
    // More do not keep the arithmetic units any busier.
    private const int MostAtOnce = 4;

    // Functions have more constants than accumulators leave registers for: these are loaded for each group of results, instead of for each use. What little else there is stays in registers.
    private const int FewestOfFunctions = 3;

    private readonly EpilogueGraph? _graph;
    private readonly int _extra;
    private readonly int _registers;

    /// <param name="epilogue">Operand 0 is the sum; null stores it as it is.</param>
    /// <param name="registers">Vector registers of the processor.</param>
    public EpilogueWriter(Expr? epilogue, int registers)
    {
        _registers = registers;
        if (epilogue is not null)
        {
            _graph = new(epilogue, null);
            if (_graph.Problem is not null)
            {
                throw new ArgumentException($"The expression {epilogue} cannot be lowered: {_graph.Problem}.", nameof(epilogue));
            }

            _extra = Math.Max(1, EpilogueLowering.RegistersOf(_graph) - 1);
        }
    }

    /// <summary>Whether the epilogue takes about as many instructions for a result as a short sum does.</summary>
    public bool HasFunctions => _extra >= FewestOfFunctions;

    /// <summary>Computes and stores results one after the other, several at a time; each sum's register is free afterwards.</summary>
    /// <param name="p">The kernel.</param>
    /// <param name="count">Results.</param>
    /// <param name="live">Registers with values now, the sums of these results among them.</param>
    /// <param name="operand">The value of an operand for a result.</param>
    /// <param name="store">Stores a result's value.</param>
    /// <param name="written">What else becomes of values that were stored, in order, some at a time; null for nothing.</param>
    public void Write(KernelBuilder p, int count, int live, Func<int, int, VReg> operand, Action<int, VReg> store, Action<VReg[]>? written = null)
    {
        for (int done = 0; done < count;)
        {
            int most = _graph is null ? 1 : Math.Clamp((_registers - 1 - (live - done)) / _extra, 1, MostAtOnce), first = done, size = Math.Min(most, count - done);
            VReg[] values = new VReg[size];
            Action[] bodies = [.. Enumerable.Range(first, size).Select(result => (Action)(() =>
            {
                values[result - first] = _graph is null ? operand(result, 0) : EpilogueLowering.Apply(p, _graph, i => operand(result, i));
                store(result, values[result - first]);
            }))];
            Action write = size == 1 ? bodies[0] : () => p.Interleave(bodies);
            if (HasFunctions)
            {
                p.WithOwnConstants(write);
            }
            else
            {
                write();
            }

            written?.Invoke(values);
            done += size;
        }
    }
}
