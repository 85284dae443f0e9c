using Iced.Intel;

namespace Peregrine.CodeGen.X64.Encoding;

/// <summary>A place in the code, bound once.</summary>
internal readonly record struct CodeLabel(int Number);

/// <summary>
/// Collects machine instructions and encodes them in two passes: sizes first (branches always have 32-bit offsets, pool references too, so no size depends on a target), then bytes.
/// Nothing else knows how instructions become bytes: a direct encoder would replace this class and the emitters' <see cref="Instruction"/>.
/// </summary>
internal sealed class CodeAssembler
{
    private const ulong Origin = 0x1000;
    [ThreadStatic]
    private static List<Item>? s_spare;

    private readonly List<Item> _items = TakeSpare();
    private int _labels;

    private enum Fixup { None, Label, Pool, Bind, Align }

    internal ConstantPool Pool { get; } = new();

    internal CodeLabel NewLabel() => new(_labels++);

    internal void Bind(CodeLabel label) => _items.Add(new Item(default, Fixup.Bind, label.Number, 0));

    internal void Align(int bytes) => _items.Add(new Item(default, Fixup.Align, bytes, 0));

    internal void Emit(Instruction instruction) => _items.Add(new Item(instruction, Fixup.None, 0, 0));

    internal void Branch(Code code, CodeLabel target) => _items.Add(new Item(Instruction.CreateBranch(code, 0), Fixup.Label, target.Number, 0));

    /// <summary>An instruction whose RIP-relative memory operand is the pool entry, plus an offset.</summary>
    internal void EmitPool(Instruction instruction, int entry, int offset = 0) => _items.Add(new Item(instruction, Fixup.Pool, entry, offset));

    /// <summary>The operand to create such an instruction with.</summary>
    internal static Iced.Intel.MemoryOperand PoolOperand => new(Register.RIP, (long)Origin);

    /// <summary>Code, padding to 64 bytes, pool. The assembler has served then.</summary>
    internal (byte[] Bytes, int CodeLength, int PoolOffset) Encode()
    {
        var writer = new ByteWriter();
        Encoder encoder = Encoder.Create(64, writer);
        encoder.PreventVEX2 = false;
        int[] labels = new int[_labels];
        (int[] poolOffsets, byte[] pool) = Pool.Place();
        int poolOffset = 0, codeLength = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            writer.Bytes.Clear();
            foreach (Item item in _items)
            {
                Instruction instruction = item.Instruction;
                int position = writer.Bytes.Count;
                switch (item.Fixup)
                {
                    case Fixup.Bind: labels[item.Number] = position; continue;
                    case Fixup.Align: Pad(writer.Bytes, item.Number); continue;
                    case Fixup.Label: instruction.NearBranch64 = Origin + (ulong)labels[item.Number]; break;
                    case Fixup.Pool: instruction.MemoryDisplacement64 = Origin + (ulong)(poolOffset + poolOffsets[item.Number] + item.Offset); break;
                }

                encoder.Encode(instruction, Origin + (ulong)position);
            }

            codeLength = writer.Bytes.Count;
            poolOffset = (codeLength + 63) & ~63;
        }

        _items.Clear();
        s_spare = _items;
        byte[] bytes = new byte[pool.Length == 0 ? codeLength : poolOffset + pool.Length];
        Array.Fill(bytes, (byte)0xCC);
        writer.Bytes.CopyTo(bytes);
        pool.CopyTo(bytes, pool.Length == 0 ? 0 : poolOffset);
        return (bytes, codeLength, pool.Length == 0 ? codeLength : poolOffset);
    }

    private static List<Item> TakeSpare()
    {
        List<Item> list = s_spare ?? new(512);
        s_spare = null;
        return list;
    }

    // The recommended long no-operations, so that padding in front of a loop costs a few decoded instructions only.
    private static void Pad(List<byte> bytes, int alignment)
    {
        int rest = (alignment - bytes.Count % alignment) % alignment;
        while (rest > 0)
        {
            int length = Math.Min(rest, 9);
            bytes.AddRange(length switch
            {
                1 => [0x90],
                2 => [0x66, 0x90],
                3 => [0x0F, 0x1F, 0x00],
                4 => [0x0F, 0x1F, 0x40, 0x00],
                5 => [0x0F, 0x1F, 0x44, 0x00, 0x00],
                6 => [0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00],
                7 => [0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00],
                8 => [0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
                _ => (byte[])[0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
            });
            rest -= length;
        }
    }

    private readonly record struct Item(Instruction Instruction, Fixup Fixup, int Number, int Offset);

    private sealed class ByteWriter : CodeWriter
    {
        internal List<byte> Bytes { get; } = new(4096);

        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}
