using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Workers;

/// <summary>Tiles that a thread has taken, and of what.</summary>
/// <param name="Tiles">Of the phase, all together.</param>
/// <param name="Serial">Of the phase; it never comes again.</param>
internal readonly record struct Bite(TileRange Range, int Tiles, int Step, int Phase, long Serial);

/// <summary>
/// The tiles of one phase of a step, cut into one range per worker, from which threads take bites. All that a thread has to know lies in one line of the caches per range, and tiles done are counted in a
/// line of their own: what another processor has written takes up to 0.3 µs to arrive, line by line, and steps may be over in ten times that.
/// </summary>
/// <remarks>
/// A thread that is late may look at a phase that is over. It finds no tiles there, or another number, and cannot take a tile of the next phase by what it read of this one: the number stands in the
/// word that taking exchanges. Whoever opens a phase looks at all its ranges afterwards, so it does not matter if others have looked before a range was open.
/// </remarks>
internal sealed unsafe class TileShares
{
    private const int BitesPerRange = 4;

    // The last bites of a range are smaller, so that workers finish together.
    private const int SmallBitesPerRange = 16;

    private const int Over = -1;

    // Pinned. A thread that is late may read it when the stream has ended.
    private readonly long[] _memory;
    private readonly Share* _shares;
    private readonly int* _done;
    private int _number;
    private long _serial;

    /// <param name="ranges">The most ranges.</param>
    public TileShares(int ranges)
    {
        _memory = GC.AllocateArray<long>((ranges + 2) * sizeof(Share) / sizeof(long), pinned: true);
        _shares = (Share*)(((nint)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0) + sizeof(Share) - 1) & -sizeof(Share));
        _done = (int*)(_shares + ranges);
        for (int range = 0; range < ranges; range++)
        {
            _shares[range].State = StateOf(0, Over);
        }
    }

    /// <summary>Whether there is nothing more to do for whoever begins with this range, and the number of the phase otherwise.</summary>
    public bool IsOver(int range, out int number)
    {
        long state = Volatile.Read(ref _shares[range].State);
        number = (int)(state >> 32);
        return (int)state == Over;
    }

    /// <summary>Opens a phase. Called when no thread has a tile, by the one that counted the last.</summary>
    public void Open(int ranges, int tiles, int step, int phase)
    {
        Volatile.Write(ref *_done, 0);
        int number = _number = unchecked(_number + 1);
        long serial = ++_serial;
        int most = (tiles + ranges - 1) / ranges, bite = ranges == 1 ? tiles : Math.Max(1, (most + BitesPerRange - 1) / BitesPerRange), smallBite = ranges == 1 ? tiles : Math.Max(1, most / SmallBitesPerRange);
        // A range with tiles comes last. Before, other threads cannot complete the phase; if they could, the next might be open by the time that the rest of this one is written over it.
        for (int pass = 0; pass < 2; pass++)
        {
            for (int range = ranges - 1; range >= 0; range--)
            {
                TileRange part = TileRange.Of(tiles, range, ranges);
                if (part.End > part.Begin != (pass == 1))
                {
                    continue;
                }

                Share* share = _shares + range;
                (share->End, share->Bite, share->SmallBite) = (part.End, bite, smallBite);
                (share->Tiles, share->Step, share->Phase, share->Serial) = (tiles, step, phase, serial);
                Volatile.Write(ref share->State, StateOf(number, part.End - part.Begin));
            }
        }
    }

    /// <summary>Ends the run: sends all threads away. Called as <see cref="Open"/> is.</summary>
    public void Close(int ranges)
    {
        int number = _number = unchecked(_number + 1);
        // The caller's last: when it sees that, the run is over, and the next may begin.
        for (int range = ranges - 1; range >= 0; range--)
        {
            Volatile.Write(ref _shares[range].State, StateOf(number, Over));
        }
    }

    /// <summary>Takes tiles from a range of the phase with this number, if it is still open and has some.</summary>
    public bool TryTake(int range, int number, out Bite bite)
    {
        Share* share = _shares + range;
        while (true)
        {
            long state = Volatile.Read(ref share->State);
            int left = (int)state;
            if ((int)(state >> 32) != number || left <= 0)
            {
                bite = default;
                return false;
            }

            // As long as the range has tiles, what stands beside the state is not written.
            int taken = Math.Min(share->Bite, Math.Max(Math.Min(share->SmallBite, left), left / 2));
            bite = new(new(share->End - left, share->End - left + taken), share->Tiles, share->Step, share->Phase, share->Serial);
            if (Interlocked.CompareExchange(ref share->State, state - taken, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>Counts tiles that are done; true if these were the last of the phase.</summary>
    /// <param name="tiles">All tiles of the phase.</param>
    public bool CountDone(int count, int tiles) => Interlocked.Add(ref *_done, count) == tiles;

    private static long StateOf(int number, int left) => ((long)number << 32) | (uint)left;

    /// <summary>Two lines, because processors fetch lines in pairs.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Share
    {
        /// <summary>The number of the phase in the high half, the tiles left in the low half, which are the last of the range.</summary>
        public long State;
        public int End;
        public int Bite;
        public int SmallBite;
        public int Tiles;
        public int Step;
        public int Phase;
        public long Serial;
    }
}
