namespace Peregrine.CodeGen.X64.Lint;

internal enum ValueKind
{
    /// <summary>Anything: must not be used as an address.</summary>
    Unknown,
    Integer,
    /// <summary>What the register (Detail) held at entry.</summary>
    Initial,
    /// <summary>Points into memory of an argument; Detail is its <see cref="ArgumentKind"/>.</summary>
    Pointer,
    /// <summary>The block of arguments.</summary>
    Block,
    /// <summary>rsp at entry plus Detail.</summary>
    Stack,
    /// <summary>The aligned frame plus Detail.</summary>
    Frame,
    /// <summary>Into the constants behind the code.</summary>
    Pool,
}

/// <summary>What the lint knows about a register or a stack slot.</summary>
internal readonly record struct AbstractValue(ValueKind Kind, long Detail = 0)
{
    internal static readonly AbstractValue Unknown = new(ValueKind.Unknown);
    internal static readonly AbstractValue Integer = new(ValueKind.Integer);

    internal bool IsAddress => Kind is ValueKind.Pointer or ValueKind.Block or ValueKind.Pool;

    internal bool IsStack => Kind is ValueKind.Stack or ValueKind.Frame;

    internal AbstractValue Join(AbstractValue other) => this == other ? this : Unknown;

    internal AbstractValue Plus(long bytes) => IsStack ? this with { Detail = Detail + bytes } : Kind is ValueKind.Initial ? Unknown : this;

    /// <summary>The sum of two registers.</summary>
    internal AbstractValue Plus(AbstractValue other) => (IsAddress, other.IsAddress) switch
    {
        (true, false) when other.Kind == ValueKind.Integer => this,
        (false, true) when Kind == ValueKind.Integer => other,
        (false, false) when Kind == ValueKind.Integer && other.Kind == ValueKind.Integer => Integer,
        _ => Unknown,
    };
}

/// <summary>Registers and stack at one point of the code.</summary>
internal sealed class MachineState
{
    internal AbstractValue[] Integers { get; private init; } = new AbstractValue[16];

    /// <summary>Low 128 bits of vector registers 0–31.</summary>
    internal AbstractValue[] Vectors { get; private init; } = new AbstractValue[32];

    /// <summary>Contents of stack slots by the address of their first byte.</summary>
    internal Dictionary<(AbstractValue Address, int Size), AbstractValue> Slots { get; private init; } = [];

    internal MachineState Copy() => new() { Integers = [.. Integers], Vectors = [.. Vectors], Slots = new(Slots) };

    /// <summary>Keeps what both agree on; says whether anything changed.</summary>
    internal bool Join(MachineState other)
    {
        bool changed = JoinAll(Integers, other.Integers) | JoinAll(Vectors, other.Vectors);
        foreach (KeyValuePair<(AbstractValue Address, int Size), AbstractValue> slot in Slots.ToArray())
        {
            if (other.Slots.TryGetValue(slot.Key, out AbstractValue content) && content == slot.Value) { continue; }
            Slots.Remove(slot.Key);
            changed = true;
        }

        return changed;
    }

    internal void StoreSlot(AbstractValue address, int size, AbstractValue content)
    {
        foreach ((AbstractValue Address, int Size) key in Slots.Keys.ToArray())
        {
            bool overlaps = key.Address.Kind == address.Kind && key.Address.Detail < address.Detail + size && address.Detail < key.Address.Detail + key.Size;
            if (overlaps) { Slots.Remove(key); }
        }

        Slots[(address, size)] = content;
    }

    internal AbstractValue LoadSlot(AbstractValue address, int size) => Slots.GetValueOrDefault((address, size), AbstractValue.Unknown);

    private static bool JoinAll(AbstractValue[] into, AbstractValue[] from)
    {
        bool changed = false;
        for (int i = 0; i < into.Length; i++)
        {
            AbstractValue joined = into[i].Join(from[i]);
            changed |= joined != into[i];
            into[i] = joined;
        }

        return changed;
    }
}
