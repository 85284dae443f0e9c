using System.Buffers.Binary;
using Iced.Intel;

namespace Peregrine.CodeGen.X64.Encoding;

/// <summary>A place in the code, bound once.</summary>
internal readonly record struct CodeLabel(int Number);

/// <summary>
/// Collects machine instructions and encodes them. Branches always have 32-bit offsets, pool references too, so no size depends on a target: offsets are filled in when all positions are known.
/// Nothing else knows how instructions become bytes: a direct encoder would replace this class and the emitters' <see cref="Instruction"/>.
/// </summary>
internal sealed class CodeAssembler
{
    private const ulong Origin = 0x1000;
    [ThreadStatic]
    private static List<Item>? s_spare;
    [ThreadStatic]
    private static ByteWriter? s_spareWriter;

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
        ByteWriter writer = s_spareWriter ?? new();
        s_spareWriter = null;
        List<byte> code = writer.Bytes;
        int[] labels = new int[_labels];
        for (int i = 0; i < _items.Count; i++)
        {
            Item item = _items[i];
            int position = code.Count;
            switch (item.Fixup)
            {
                case Fixup.Bind: labels[item.Number] = position; continue;
                case Fixup.Align: Pad(code, item.Number); continue;
            }

            writer.Encoder.Encode(item.Instruction, Origin + (ulong)position);
            switch (item.Fixup)
            {
                // The offset of a branch is its last four bytes.
                case Fixup.Label: writer.Offsets.Add(new(code.Count - sizeof(int), code.Count, i)); break;
                case Fixup.Pool: writer.Offsets.Add(new(position + (int)writer.Encoder.GetConstantOffsets().DisplacementOffset, code.Count, i)); break;
            }
        }

        (int[] poolOffsets, byte[] pool) = Pool.Place();
        int codeLength = code.Count, poolOffset = pool.Length == 0 ? codeLength : (codeLength + 63) & ~63;
        byte[] bytes = new byte[poolOffset + pool.Length];
        code.CopyTo(bytes);
        bytes.AsSpan(codeLength, poolOffset - codeLength).Fill(0xCC);
        pool.CopyTo(bytes, poolOffset);
        foreach ((int at, int end, int number) in writer.Offsets)
        {
            Item item = _items[number];
            int target = item.Fixup == Fixup.Label ? labels[item.Number] : poolOffset + poolOffsets[item.Number] + item.Offset;
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), target - end);
        }

        writer.Clear();
        s_spareWriter = writer;
        _items.Clear();
        s_spare = _items;
        return (bytes, codeLength, poolOffset);
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

    /// <summary>Where an offset stands, from where it counts, and whose it is.</summary>
    private readonly record struct OpenOffset(int At, int End, int Item);

    private sealed class ByteWriter : CodeWriter
    {
        internal ByteWriter()
        {
            Encoder = Encoder.Create(64, this);
            Encoder.PreventVEX2 = false;
        }

        internal Encoder Encoder { get; }

        internal List<byte> Bytes { get; } = new(4096);

        internal List<OpenOffset> Offsets { get; } = [];

        internal void Clear()
        {
            Bytes.Clear();
            Offsets.Clear();
        }

        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}
