using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Moves blocks of consecutive elements between two tensors of one type, whatever the type: what gathers and scatters are made of.</summary>
internal readonly ref struct ElementMover
{
    private readonly int _bits;
    private readonly ReadOnlySpan<byte> _source;
    private readonly Span<byte> _target;
    private readonly ReadOnlySpan<string> _sourceStrings;
    private readonly Span<string> _targetStrings;

    public ElementMover(Tensor source, Tensor target)
    {
        _bits = source.Type.Bits();
        if (source.Type == DataType.String)
        {
            _sourceStrings = source.Strings;
            _targetStrings = target.Strings;
        }
        else
        {
            _source = source.Data.Span;
            _target = target.Data.Span;
        }
    }

    /// <summary>Copies <paramref name="count"/> elements from position <paramref name="from"/> of the source to position <paramref name="to"/> of the target.</summary>
    public void Copy(long from, long to, long count)
    {
        switch (_bits)
        {
            case 32 when count == 1:
                MemoryMarshal.Cast<byte, uint>(_target)[(int)to] = MemoryMarshal.Cast<byte, uint>(_source)[(int)from];
                break;
            case 64 when count == 1:
                MemoryMarshal.Cast<byte, ulong>(_target)[(int)to] = MemoryMarshal.Cast<byte, ulong>(_source)[(int)from];
                break;
            case >= 8:
                long size = _bits / 8;
                _source.Slice((int)(from * size), (int)(count * size)).CopyTo(_target[(int)(to * size)..]);
                break;
            case 0:
                _sourceStrings.Slice((int)from, (int)count).CopyTo(_targetStrings[(int)to..]);
                break;
            default:
                for (long i = 0; i < count; i++)
                {
                    PackedElements.SetBits(_bits, _target, to + i, PackedElements.GetBits(_bits, _source, from + i));
                }

                break;
        }
    }
}
