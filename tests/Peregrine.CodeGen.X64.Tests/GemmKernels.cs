namespace Peregrine.CodeGen.X64.Tests;

/// <summary>Dot product of one dword's worth of elements.</summary>
internal enum DotKind { F32, Bf16, U8S8 }

/// <summary>
/// The packed-B micro-kernel in all element types: C[rows][columns] = A·B, where A is rows × k dwords with a stride in bytes, B is packed [k][vectors][lanes] dwords. Arguments: a, b, c, bias, k dwords.
/// </summary>
internal static class GemmKernels
{
    internal static KernelProgram Build(DotKind kind, int lanes, int rows, int vectors, int strideA, int strideC, bool epilogue, int unroll = 4)
    {
        var p = new KernelBuilder($"gemm-{kind}-{rows}x{vectors * lanes}", lanes);
        VReg a = p.Argument("a", ArgumentKind.ReadPointer), b = p.Argument("b", ArgumentKind.ReadPointer), c = p.Argument("c", ArgumentKind.WritePointer);
        VReg bias = p.Argument("bias", ArgumentKind.ReadPointer), k = p.Argument("k", ArgumentKind.Integer);
        VReg[,] sums = new VReg[rows, vectors];
        for (int row = 0; row < rows; row++)
        {
            for (int v = 0; v < vectors; v++) { sums[row, v] = p.Zero(); }
        }

        VReg rest = p.Loop(k, unroll, () => Dwords(unroll));
        p.Loop(rest, 1, () => Dwords(1));
        for (int row = 0; row < rows; row++)
        {
            for (int v = 0; v < vectors; v++)
            {
                VReg value = sums[row, v];
                if (epilogue) { value = p.Max(p.Add(value, p.Load(new MemoryOperand(bias, v * p.VectorBytes))), p.Constant(0)); }
                p.Store(new MemoryOperand(c, row * strideC + v * p.VectorBytes), value);
            }
        }

        return p.Build();

        void Dwords(int count)
        {
            for (int dword = 0; dword < count; dword++)
            {
                var weights = new VReg[vectors];
                for (int v = 0; v < vectors; v++) { weights[v] = p.Load(new MemoryOperand(b, (dword * vectors + v) * p.VectorBytes)); }
                for (int row = 0; row < rows; row++)
                {
                    VReg x = p.LoadBroadcast(new MemoryOperand(a, row * strideA + 4 * dword));
                    for (int v = 0; v < vectors; v++)
                    {
                        switch (kind)
                        {
                            case DotKind.F32: p.Fma(sums[row, v], x, weights[v]); break;
                            case DotKind.Bf16: p.DotBf16(sums[row, v], x, weights[v]); break;
                            default: p.DotU8S8(sums[row, v], x, weights[v]); break;
                        }
                    }
                }
            }

            p.Advance(4 * count, a);
            p.Advance(count * vectors * p.VectorBytes, b);
        }
    }
}
