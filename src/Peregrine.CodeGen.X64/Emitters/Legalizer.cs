using System.Runtime.InteropServices;
using Peregrine.CodeGen.X64.Encoding;

namespace Peregrine.CodeGen.X64.Emitters;

/// <summary>A program on its way to what one instruction set can do, before registers are given out.</summary>
internal sealed class Legalizer
{
    [ThreadStatic]
    private static List<KernelInstruction>? s_spare;

    private readonly Dictionary<string, VReg> _hoisted = [];
    private readonly List<KernelInstruction> _body;
    private readonly List<KernelInstruction> _front = [];

    internal Legalizer(KernelProgram program, CpuFeatures features, ConstantPool pool)
    {
        (Program, Features, Pool, RegisterCount) = (program, features, pool, program.RegisterCount);
        // Most instructions stay as they are.
        _body = s_spare ?? [];
        s_spare = null;
        _body.EnsureCapacity(program.Instructions.Count + (program.Instructions.Count / 8) + 16);
    }

    internal KernelProgram Program { get; }
    internal CpuFeatures Features { get; }
    internal ConstantPool Pool { get; }
    internal int RegisterCount { get; private set; }

    /// <summary>The first operation that the target has not, or null.</summary>
    internal string? Unsupported { get; private set; }

    internal bool Has(CpuFeatures feature) => (Features & feature) == feature;

    internal void Emit(KernelInstruction instruction) => _body.Add(instruction);

    internal void Decline(KernelInstruction instruction, string needs) => Unsupported ??= $"{instruction.Op} needs {needs}";

    internal VReg Fresh(RegisterClass registerClass) => new(RegisterCount++, registerClass);

    /// <summary>Emits the instruction with a fresh destination.</summary>
    internal VReg Define(RegisterClass registerClass, KernelInstruction instruction)
    {
        VReg destination = Fresh(registerClass);
        Emit(instruction with { Destination = destination });
        return destination;
    }

    /// <summary>The dword in all lanes, made once in front of everything.</summary>
    internal VReg Constant(uint bits) => Hoist("d" + bits, new(Opcode.Constant) { Immediate = bits });

    /// <summary>A whole vector of bytes, made once in front of everything.</summary>
    internal VReg Vector(ReadOnlySpan<byte> bytes)
    {
        int entry = Pool.Add(bytes);
        return Hoist("v" + entry, new(Opcode.PoolVector) { Immediate = entry });
    }

    /// <summary>Dwords in the pool.</summary>
    internal int PoolEntry(ReadOnlySpan<uint> dwords) => Pool.Add(MemoryMarshal.AsBytes(dwords));

    /// <summary>A whole vector of dwords, made once in front of everything.</summary>
    internal VReg Vector(ReadOnlySpan<uint> dwords) => Vector(MemoryMarshal.AsBytes(dwords));

    /// <summary>The legal program, once and for all: arguments, hoisted values, body.</summary>
    internal List<KernelInstruction> Finish()
    {
        int arguments = _body.FindIndex(i => i.Op != Opcode.Argument);
        _body.InsertRange(arguments < 0 ? _body.Count : arguments, _front);
        return _body;
    }

    /// <summary>Gives the list of instructions to the thread's next program: nobody may hold on to it.</summary>
    internal void Retire()
    {
        _body.Clear();
        s_spare = _body;
    }

    private VReg Hoist(string key, KernelInstruction instruction)
    {
        if (!_hoisted.TryGetValue(key, out VReg register))
        {
            register = Fresh(RegisterClass.Vec);
            _hoisted.Add(key, register);
            _front.Add(instruction with { Destination = register });
        }

        return register;
    }

    /// <summary>
    /// Floats as bfloat16 in the low halves of dwords, with integer arithmetic: adds half a unit (less one bit where the result's last bit is even) and shifts. Denormals become zeros and NaNs
    /// keep their payload and become quiet, as vcvtneps2bf16 does it.
    /// </summary>
    internal VReg RoundToBf16(VReg value)
    {
        VReg last = Define(RegisterClass.Vec, new(Opcode.And, A: Define(RegisterClass.Vec, new(Opcode.ShiftRight, A: value) { Immediate = 16 }), B: Constant(1)));
        VReg biased = Define(RegisterClass.Vec, new(Opcode.AddS32, A: Define(RegisterClass.Vec, new(Opcode.AddS32, A: value, B: last)), B: Constant(0x7FFF)));
        VReg quiet = Define(RegisterClass.Vec, new(Opcode.Or, A: value, B: Constant(0x0040_0000)));
        VReg isNan = Define(RegisterClass.Mask, new(Opcode.CompareF32, A: value, B: value) { Selector = (int)FloatComparison.Unordered });
        VReg finite = Define(RegisterClass.Vec, new(Opcode.Select, A: quiet, B: biased, C: isNan));
        VReg exponent = Define(RegisterClass.Vec, new(Opcode.And, A: value, B: Constant(0x7F80_0000)));
        VReg isTiny = Define(RegisterClass.Mask, new(Opcode.CompareEqualS32, A: exponent, B: Constant(0)));
        VReg sign = Define(RegisterClass.Vec, new(Opcode.And, A: value, B: Constant(0x8000_0000)));
        VReg result = Define(RegisterClass.Vec, new(Opcode.Select, A: sign, B: finite, C: isTiny));
        return Define(RegisterClass.Vec, new(Opcode.ShiftRight, A: result) { Immediate = 16 });
    }
}
