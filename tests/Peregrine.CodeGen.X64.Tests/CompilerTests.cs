using System.Security.Cryptography;

namespace Peregrine.CodeGen.X64.Tests;

public sealed unsafe class CompilerTests
{
    private const CpuFeatures All = (CpuFeatures)0xFFF;

    [Fact]
    public void A_tile_that_would_spill_is_declined_with_the_numbers()
    {
        KernelProgram program = GemmKernels.Build(DotKind.F32, 16, 15, 2, 64, 128, false);
        var declined = Assert.IsType<CompileResult.Declined>(KernelCompiler.Compile(program, new CompileOptions { InstructionSet = InstructionSet.Avx512, Features = All }));
        Assert.Equal(DeclineReason.RegistersExhausted, declined.Reason);
        Assert.Equal("\"gemm-F32-15x32\" for avx512: needs 33 vector registers, has 32", declined.Message);
        CompiledCode code = KernelCompiler.Compile(program, new CompileOptions { InstructionSet = InstructionSet.Avx512, Features = All, Spills = SpillPolicy.Allow }).GetCode();
        Assert.InRange(code.SpillSlots, 1, 2);
    }

    [Fact]
    public void Code_that_is_not_checked_again_is_the_same()
    {
        KernelProgram program = GemmKernels.Build(DotKind.F32, 16, 14, 2, 64, 128, false);
        CompileOptions options = new() { InstructionSet = InstructionSet.Avx512, Features = All };
        CompiledCode code = KernelCompiler.Compile(program, options).GetCode();
        Assert.Equal(code.Bytes.ToArray(), KernelCompiler.Compile(program, options with { Lint = false }).GetCode().Bytes.ToArray());
    }

    [Fact]
    public void Constants_give_way_before_a_tile_is_declined()
    {
        NativeKernel.Require(InstructionSet.Avx2);
        var p = new KernelBuilder("constants", 8);
        VReg dst = p.Argument("dst", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        VReg[] sums = [.. Enumerable.Range(0, 14).Select(_ => p.Zero())];
        p.Loop(count, 1, () =>
        {
            for (int i = 0; i < sums.Length; i++) { p.Assign(sums[i], p.Add(sums[i], p.Constant(1 + i % 5))); }
        });
        for (int i = 0; i < sums.Length; i++) { p.Store(new MemoryOperand(dst, 32 * i), sums[i]); }
        using NativeKernel kernel = NativeKernel.Compile(p.Build(), InstructionSet.Avx2);
        Assert.Equal(0, kernel.Code.SpillSlots);
        float[] output = new float[8 * 14];
        fixed (float* o = output) { kernel.Call((long)o, 3); }
        for (int i = 0; i < output.Length; i++) { Assert.Equal(3 * (1 + i / 8 % 5), output[i]); }
    }

    [Fact]
    public void What_the_features_lack_is_declined_by_name()
    {
        KernelProgram program = GemmKernels.Build(DotKind.Bf16, 16, 4, 2, 64, 128, false);
        var declined = Assert.IsType<CompileResult.Declined>(KernelCompiler.Compile(program, new CompileOptions { InstructionSet = InstructionSet.Avx512, Features = All & ~CpuFeatures.Avx512Bf16 }));
        Assert.Equal((DeclineReason.Unsupported, "\"gemm-Bf16-4x32\" for avx512: DotBf16 needs AVX512_BF16"), (declined.Reason, declined.Message));
        Assert.Throws<ArgumentException>(() => KernelCompiler.Compile(program, new CompileOptions { InstructionSet = InstructionSet.Avx2, Features = All }));
        Assert.Throws<ArgumentException>(() => KernelCompiler.Compile(program, new CompileOptions { InstructionSet = InstructionSet.Avx512, Features = CpuFeatures.Avx2 }));
    }

    [Fact]
    public void Code_uses_declared_features_only_and_says_which()
    {
        CompiledCode f32 = KernelCompiler.Compile(GemmKernels.Build(DotKind.F32, 16, 4, 2, 64, 128, true), new CompileOptions { InstructionSet = InstructionSet.Avx512, Features = All }).GetCode();
        Assert.Equal(CpuFeatures.Avx512F | CpuFeatures.Avx, f32.UsedFeatures);
        CompiledCode u8 = KernelCompiler.Compile(GemmKernels.Build(DotKind.U8S8, 16, 4, 2, 64, 128, false), new CompileOptions { InstructionSet = InstructionSet.Avx512, Features = All }).GetCode();
        Assert.True(u8.UsedFeatures.HasFlag(CpuFeatures.Avx512Vnni));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_same_program_gives_the_same_bytes_and_every_convention_passes_the_lint(bool wide)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        foreach (CallingConvention convention in Enum.GetValues<CallingConvention>())
        {
            for (int seed = 5_000; seed < 5_200; seed++)
            {
                var options = new CompileOptions { InstructionSet = set, Features = All, Convention = convention, Spills = SpillPolicy.Allow, VectorRegisterLimit = seed % 3 == 0 ? 7 : 0 };
                CompileResult first = KernelCompiler.Compile(RandomProgram.Create(seed, set.Lanes), options), second = KernelCompiler.Compile(RandomProgram.Create(seed, set.Lanes), options);
                if (first is CompileResult.Declined { Reason: DeclineReason.FrameTooLarge }) { continue; }
                Assert.Equal(SHA256.HashData(first.GetCode().Bytes.Span), SHA256.HashData(second.GetCode().Bytes.Span));
            }
        }
    }

    [Fact]
    public void Windows_arguments_beyond_the_fourth_come_from_the_stack_and_saved_registers_are_kept()
    {
        KernelProgram program = GemmKernels.Build(DotKind.F32, 8, 6, 2, 64, 64, true);
        CompiledCode code = KernelCompiler.Compile(program, new CompileOptions { InstructionSet = InstructionSet.Avx2, Features = All, Convention = CallingConvention.Windows }).GetCode();
        string text = code.Disassemble();
        Assert.Contains("vmovups [rsp], xmm6", text, StringComparison.Ordinal);
        // 0x90 of frame, the return address, 32 bytes of shadow space.
        Assert.Contains("mov rax, [rsp+0xB8]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Six_register_arguments_arrive()
    {
        NativeKernel.Require(InstructionSet.Avx2);
        var p = new KernelBuilder("six", 8);
        VReg dst = p.Argument("dst", ArgumentKind.WritePointer);
        VReg[] numbers = [.. Enumerable.Range(0, 5).Select(i => p.Argument("n" + i, ArgumentKind.Integer))];
        VReg one = p.Constant(1), zero = p.Zero();
        for (int i = 0; i < numbers.Length; i++) { p.Store(new MemoryOperand(dst, 32 * i), p.Select(p.MaskAnd(p.TailMask(numbers[i]), p.TailMask(7)), one, zero)); }
        using NativeKernel kernel = NativeKernel.Compile(p.Build(), InstructionSet.Avx2);
        float[] output = new float[40];
        fixed (float* o = output) { kernel.Call((long)o, 0, 3, 8, 5, 1); }
        Assert.Equal([0, 3, 7, 5, 1], output.Chunk(8).Select(c => (int)c.Sum()));
    }

    [Fact]
    public void Pointers_can_come_from_a_table()
    {
        NativeKernel.Require(InstructionSet.Avx2);
        var p = new KernelBuilder("table", 8, ArgumentPassing.Block);
        VReg table = p.Argument("rows", ArgumentKind.ReadPointerTable), dst = p.Argument("dst", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        VReg sum = p.Zero();
        p.Loop(count, 1, () =>
        {
            p.Assign(sum, p.Add(sum, p.Load(p.LoadInteger64(table))));
            p.AddTo(table, 8);
        });
        p.Store(dst, sum);
        using NativeKernel kernel = NativeKernel.Compile(p.Build(), InstructionSet.Avx2);
        float[] rows = [.. Enumerable.Range(0, 24).Select(i => (float)i)], output = new float[8];
        fixed (float* r = rows, o = output)
        {
            long* pointers = stackalloc long[3] { (long)(r + 16), (long)r, (long)(r + 8) };
            long* block = stackalloc long[3] { (long)pointers, (long)o, 3 };
            kernel.Call((long)block);
        }

        Assert.Equal([24, 27, 30, 33, 36, 39, 42, 45], output);
    }

    [Fact]
    public void A_program_that_writes_where_it_may_not_is_caught_with_a_dump()
    {
        var p = new KernelBuilder("bad/store", 8);
        VReg source = p.Argument("source", ArgumentKind.ReadPointer);
        p.Store(source, p.Zero());
        string folder = Path.Combine(Path.GetTempPath(), "peregrine-codegen-" + Guid.NewGuid().ToString("n"));
        try
        {
            var failure = Assert.Throws<CodeGenerationException>(() => KernelCompiler.Compile(p.Build(), new CompileOptions { InstructionSet = InstructionSet.Avx2, Features = All, DumpFolder = folder }));
            Assert.Contains("writes through a pointer for reading", failure.Message, StringComparison.Ordinal);
            string dump = File.ReadAllText(failure.DumpPath!);
            foreach (string part in (string[])["program:", "Store", "allocation:", "assembly:", "vmovups"]) { Assert.Contains(part, dump, StringComparison.Ordinal); }
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Fact]
    public void Misuse_of_the_builder_is_refused()
    {
        var p = new KernelBuilder("misuse", 8);
        VReg count = p.Argument("count", ArgumentKind.Integer), vector = p.Zero();
        Assert.Throws<ArgumentException>(() => p.Add(vector, count));
        Assert.Throws<ArgumentException>(() => p.Fma(p.Constant(1), vector, vector));
        Assert.Throws<ArgumentException>(() => p.Assign(p.Constant(1), vector));
        Assert.Throws<ArgumentOutOfRangeException>(() => p.ShiftLeft(vector, 32));
        Assert.Throws<ArgumentException>(() => p.Load(new MemoryOperand(vector)));
        Assert.Throws<ArgumentException>(() => p.LookUp(vector, new uint[16]));
        p.WithOwnConstants(() =>
        {
            Assert.Throws<ArgumentException>(() => p.Assign(p.Constant(1), vector));
            Assert.Throws<InvalidOperationException>(() => p.WithOwnConstants(() => { }));
            Assert.Throws<InvalidOperationException>(() => p.Loop(2, () => { }));
        });
        VReg inner = default;
        p.When(count, Condition.Greater, 0, () => inner = p.Add(vector, vector));
        p.Add(inner, inner);
        InvalidOperationException unwritten = Assert.Throws<InvalidOperationException>(p.Build);
        Assert.Contains("may be read before it is written", unwritten.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Own_constants_are_loaded_once_before_their_first_use()
    {
        var p = new KernelBuilder("constants", 8);
        VReg source = p.Argument("source", ArgumentKind.WritePointer);
        VReg x = p.Load(new MemoryOperand(source));
        p.WithOwnConstants(() => p.Interleave([() => x = p.Multiply(p.Add(x, p.Constant(3)), p.Constant(5)), () => p.Store(new MemoryOperand(source, 32), p.Constant(3))]));
        p.Store(new MemoryOperand(source), x);
        KernelProgram program = p.Build();
        Assert.Equal(
            [Opcode.Argument, Opcode.Load, Opcode.Constant, Opcode.Add, Opcode.Store, Opcode.Constant, Opcode.Multiply, Opcode.Store], program.Instructions.Select(i => i.Op));
    }

    [Fact]
    public void Kernels_share_an_arena()
    {
        NativeKernel.Require(InstructionSet.Avx2);
        CompiledCode[] codes = [.. Enumerable.Range(1, 20).Select(Store)];
        var placed = Assert.IsType<CodeArenaResult.Placed>(CodeArena.Create(codes));
        CodeArena arena = placed.Arena;
        float[] output = new float[8];
        for (int i = 0; i < codes.Length; i++)
        {
            Assert.Equal(0, arena.EntryOf(i) % 64);
            fixed (float* o = output) { ((delegate* unmanaged<void*, void>)arena.EntryOf(i))(o); }
            Assert.All(output, v => Assert.Equal(i + 1, v));
        }

        arena.Dispose();
        Assert.Throws<ObjectDisposedException>(() => arena.EntryOf(0));

        static CompiledCode Store(int value)
        {
            var p = new KernelBuilder("store-" + value, 8);
            p.Store(p.Argument("dst", ArgumentKind.WritePointer), p.Constant(value));
            return KernelCompiler.Compile(p.Build(), new CompileOptions { InstructionSet = InstructionSet.Avx2, Convention = CallingConvention.SystemV }).GetCode();
        }
    }

    [Fact]
    public void Listings_say_what_happens()
    {
        CompiledCode code = KernelCompiler.Compile(GemmKernels.Build(DotKind.F32, 8, 1, 1, 64, 32, true, unroll: 1), new CompileOptions { InstructionSet = InstructionSet.Avx2, Features = All, Convention = CallingConvention.SystemV }).GetCode();
        Assert.Contains("LoopBegin skippable step 1", code.Program.ToString(), StringComparison.Ordinal);
        Assert.Contains("vfmadd231ps ymm0, ymm", code.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("vmovaps", code.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(8)]
    public void Fused_multiply_adds_take_the_form_that_needs_no_move(int lanes)
    {
        var p = new KernelBuilder("horner", lanes);
        VReg data = p.Argument("data", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        p.Loop(count, 1, () =>
        {
            VReg x = p.Load(data), sum = p.Constant(0.5f);
            foreach (float c in (float[])[1.5f, 2.5f, 3.5f]) { sum = p.MultiplyAdd(sum, x, p.Constant(c)); }
            p.Store(data, p.NegatedMultiplyAdd(x, x, sum));
            p.AddTo(data, p.VectorBytes);
        });
        string text = KernelCompiler.Compile(p.Build(), new CompileOptions { InstructionSet = lanes == 16 ? InstructionSet.Avx512 : InstructionSet.Avx2, Features = All }).GetCode().Disassemble();
        string[] moves = [.. text.Split('\n').Where(l => l.Contains("vmovups", StringComparison.Ordinal) && !l.Contains('[', StringComparison.Ordinal))];
        Assert.True(moves.Length <= 1, text);
        Assert.Contains("vfnmadd231ps", text, StringComparison.Ordinal);
        Assert.Matches("vfmadd(132|213)ps", text);
    }

    [Fact]
    public void Iced_is_not_part_of_the_public_surface()
    {
        const System.Reflection.BindingFlags Declared = System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.DeclaredOnly;
        IEnumerable<string> mentions = typeof(KernelBuilder).Assembly.GetExportedTypes().SelectMany(t => t.GetMembers(Declared)).Select(m => $"{m.DeclaringType}: {m}");
        Assert.NotEmpty(mentions);
        Assert.DoesNotContain(mentions, m => m.Contains("Iced", StringComparison.Ordinal));
    }
}
