using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Pointwise;

/// <summary>
/// Writes the code of a pointwise region: rows of columns. Its arguments are, in a block: a pointer to each input and the output, for each the bytes from row to row, rows, columns.
/// An input that is the same along a row is read once per row.
/// </summary>
internal static class PointwiseProgram
{
    /// <param name="target">What may be used.</param>
    /// <param name="body">The expression; operand i is input i.</param>
    /// <param name="types">Types of the inputs, then of the output: float32 or bool.</param>
    /// <param name="broadcasts">For each input whether it is the same along a row.</param>
    public static CompiledCode Compile(GeneratorTarget target, Expr body, IReadOnlyList<DataType> types, IReadOnlyList<bool> broadcasts) =>
        target.Compile(new Inputs(body, ValueList.From(types), ValueList.From(broadcasts)), () => Build(target.Lanes, body, types, broadcasts));

    private static KernelProgram Build(int lanes, Expr body, IReadOnlyList<DataType> types, IReadOnlyList<bool> broadcasts)
    {
        KernelBuilder p = new("pointwise", lanes, ArgumentPassing.Block);
        int inputs = types.Count - 1;
        VReg[] pointers = [.. Enumerable.Range(0, inputs).Select(i => p.Argument($"x{i}", ArgumentKind.ReadPointer)), p.Argument("y", ArgumentKind.WritePointer)];
        VReg[] strides = [.. Enumerable.Range(0, types.Count).Select(i => p.Argument($"stride{i}", ArgumentKind.Integer))];
        VReg rows = p.Argument("rows", ArgumentKind.Integer), columns = p.Argument("columns", ArgumentKind.Integer);
        p.Loop(rows, 1, () =>
        {
            VReg[] repeated = [.. Enumerable.Range(0, inputs).Select(i => broadcasts[i] ? p.LoadBroadcast(pointers[i]) : default)];
            VReg column = p.Integer(0);
            MemoryOperand At(int operand) => new(pointers[operand], 0, column, types[operand] == DataType.Bool ? 1 : sizeof(float));
            p.Loop(columns, p.Lanes, TailMode.Masked, () =>
            {
                VReg Operand(int i) => broadcasts[i] ? repeated[i] : types[i] == DataType.Bool ? p.LoadU8(At(i)) : p.Load(At(i));
                VReg result = EpilogueLowering.Apply(p, body, Operand, types);
                if (result.Class == RegisterClass.Mask)
                {
                    p.StoreU8FromUnsigned(At(inputs), p.Select(result, p.ConstantBits(1), p.ConstantBits(0)));
                }
                else
                {
                    p.Store(At(inputs), result);
                }

                p.AddTo(column, p.Lanes);
            });
            for (int i = 0; i < pointers.Length; i++)
            {
                p.AddTo(pointers[i], strides[i]);
            }
        });
        return p.Build();
    }

    private sealed record Inputs(Expr Body, ValueList<DataType> Types, ValueList<bool> Broadcasts);
}
