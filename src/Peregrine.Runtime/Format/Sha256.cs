using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Format;

/// <summary>
/// SHA-256 (FIPS 180-4, section 6.2) of a few hundred kilobytes. The system's own is faster per byte, but it comes with a library whose loading takes longer than everything that an engine file has to be
/// hashed for.
/// </summary>
internal ref struct Sha256
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    private const int BlockSize = 64;

    private readonly Span<uint> _state;
    private readonly Span<byte> _pending;
    private long _length;

    /// <param name="room">Memory for the state, of <see cref="RoomSize"/> words.</param>
    public Sha256(Span<uint> room)
    {
        _state = room[..8];
        _pending = MemoryMarshal.AsBytes(room[8..]);
        Initial.CopyTo(_state);
    }

    /// <summary>Words that the state takes.</summary>
    public const int RoomSize = 8 + (BlockSize / sizeof(uint));

    private static ReadOnlySpan<uint> Initial => [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static ReadOnlySpan<uint> Rounds =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>The hash of the data.</summary>
    public static byte[] Of(ReadOnlySpan<byte> data)
    {
        Sha256 hash = new(stackalloc uint[RoomSize]);
        hash.Append(data);
        byte[] result = new byte[Size];
        hash.Finish(result);
        return result;
    }

    /// <summary>Adds bytes behind those that were added before.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        int held = (int)(_length % BlockSize);
        _length += data.Length;
        if (held > 0)
        {
            int taken = Math.Min(BlockSize - held, data.Length);
            data[..taken].CopyTo(_pending[held..]);
            data = data[taken..];
            if (held + taken < BlockSize)
            {
                return;
            }

            Absorb(_pending);
        }

        while (data.Length >= BlockSize)
        {
            Absorb(data[..BlockSize]);
            data = data[BlockSize..];
        }

        data.CopyTo(_pending);
    }

    /// <summary>Writes the hash of all that was added; nothing may be added then.</summary>
    public void Finish(Span<byte> result)
    {
        int held = (int)(_length % BlockSize);
        _pending[held++] = 0x80;
        _pending[held..].Clear();
        if (held > BlockSize - sizeof(long))
        {
            Absorb(_pending);
            _pending.Clear();
        }

        BinaryPrimitives.WriteInt64BigEndian(_pending[^sizeof(long)..], _length * 8);
        Absorb(_pending);
        for (int i = 0; i < _state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(result[(sizeof(uint) * i)..], _state[i]);
        }
    }

    private readonly void Absorb(ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[64];
        for (int i = 0; i < 16; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(sizeof(uint) * i)..]);
        }

        for (int i = 16; i < words.Length; i++)
        {
            uint early = words[i - 15], late = words[i - 2];
            uint s0 = BitOperations.RotateRight(early, 7) ^ BitOperations.RotateRight(early, 18) ^ (early >> 3);
            uint s1 = BitOperations.RotateRight(late, 17) ^ BitOperations.RotateRight(late, 19) ^ (late >> 10);
            words[i] = words[i - 16] + s0 + words[i - 7] + s1;
        }

        (uint a, uint b, uint c, uint d, uint e, uint f, uint g, uint h) = (_state[0], _state[1], _state[2], _state[3], _state[4], _state[5], _state[6], _state[7]);
        ReadOnlySpan<uint> rounds = Rounds;
        for (int i = 0; i < words.Length; i++)
        {
            uint t1 = h + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + rounds[i] + words[i];
            uint t2 = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + t1, c, b, a, t1 + t2);
        }

        _state[0] += a;
        _state[1] += b;
        _state[2] += c;
        _state[3] += d;
        _state[4] += e;
        _state[5] += f;
        _state[6] += g;
        _state[7] += h;
    }
}
