namespace Peregrine.CodeGen.X64.Tests;

public sealed unsafe class FuzzTests
{
    private const int Seeds = 2_000;
    private static readonly uint[] Specials =
    [
        0, 0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 0x7F812345, 1, 0x80000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0x4F000000, 0xCF000000, 0x3F7FFFFF, 0x4B800001,
    ];

    [Theory]
    [InlineData(true, 0, CallingConvention.SystemV, Seeds)]
    [InlineData(true, 6, CallingConvention.SystemV, Seeds)]
    [InlineData(false, 0, CallingConvention.SystemV, Seeds)]
    [InlineData(false, 6, CallingConvention.SystemV, Seeds)]
    [InlineData(true, 0, CallingConvention.Windows, Seeds / 8)]
    [InlineData(true, 9, CallingConvention.Windows, Seeds / 8)]
    [InlineData(false, 0, CallingConvention.Windows, Seeds / 8)]
    [InlineData(false, 9, CallingConvention.Windows, Seeds / 8)]
    public void Random_programs_give_the_bits_of_the_interpreter(bool wide, int vectorLimit, CallingConvention convention, int seeds)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set, wide ? CpuFeatures.Avx512Vnni : CpuFeatures.AvxVnni | CpuFeatures.F16c);
        int spilled = 0, tooLarge = 0;
        for (int seed = 0; seed < seeds; seed++)
        {
            // Every other seed does without bfloat16 instructions.
            CpuFeatures features = seed % 2 == 0 ? HostCpu.Features : HostCpu.Features & ~CpuFeatures.Avx512Bf16;
            var options = new CompileOptions { InstructionSet = set, Features = features, Spills = SpillPolicy.Allow, VectorRegisterLimit = vectorLimit, Convention = convention };
            KernelProgram program = RandomProgram.Create(seed, set.Lanes);
            CompileResult result = KernelCompiler.Compile(program, options);
            if (result is CompileResult.Declined { Reason: DeclineReason.FrameTooLarge }) { tooLarge++; }
            else if (Run(seed, program, result.GetCode())) { spilled++; }
        }

        Assert.InRange(tooLarge, 0, seeds / 50);
        if (vectorLimit > 0) { Assert.True(spilled > seeds / 4, $"only {spilled} programs spilled"); }
    }

    private static bool Run(int seed, KernelProgram program, CompiledCode code)
    {
        using NativeKernel kernel = NativeKernel.Load(code);
        var random = new Random(~seed);
        byte[] input = new byte[RandomProgram.InputBytes], actual = new byte[RandomProgram.OutputBytes + 64], expected = new byte[RandomProgram.OutputBytes + 64];
        random.NextBytes(input);
        for (int at = 0; at + 4 <= input.Length; at += 4)
        {
            uint? bits = random.Next(8) switch
            {
                0 => Specials[random.Next(Specials.Length)],
                < 6 => BitConverter.SingleToUInt32Bits((float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 7)))),
                _ => null,
            };
            if (bits is not null) { BitConverter.TryWriteBytes(input.AsSpan(at), bits.Value); }
        }

        fixed (byte* i = input, a = actual, e = expected)
        {
            int count = random.Next(-2, 9);
            Interpret(program, (long)i, (long)e, count);
            if (program.Passing == ArgumentPassing.Block)
            {
                long* block = stackalloc long[3] { (long)i, (long)a, count };
                kernel.Call((long)block);
            }
            else { kernel.Call(i, a, count); }
        }

        if (!expected.AsSpan().SequenceEqual(actual))
        {
            int at = expected.AsSpan().CommonPrefixLength(actual) & ~3;
            Assert.Fail($"seed {seed}: output differs at byte {at}: expected 0x{BitConverter.ToUInt32(expected, at):x8}, got 0x{BitConverter.ToUInt32(actual, at):x8}\n{program}\n{code.AllocationText}\n{code}");
        }

        return code.SpillSlots > 0;
    }

    private static void Interpret(KernelProgram program, long input, long output, long count)
    {
        long* block = stackalloc long[3] { input, output, count };
        new ProgramInterpreter(program, program.Passing == ArgumentPassing.Block ? [(long)block] : [input, output, count]).Run();
    }
}
