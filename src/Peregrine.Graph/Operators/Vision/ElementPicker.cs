using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Moves whole elements of any type by index.</summary>
internal static class ElementPicker
{
    /// <summary>Element i of the target becomes element <paramref name="indices"/>[i] of the source; -1 leaves zero (or an empty string).</summary>
    public static void Pick(Tensor source, Tensor target, ReadOnlySpan<int> indices)
    {
        if (source.Type == DataType.String)
        {
            Pick<string>(source.Strings, target.Strings, indices, "");
            return;
        }

        switch (source.Type.Bits())
        {
            case 8: Pick<byte>(source, target, indices); break;
            case 16: Pick<ushort>(source, target, indices); break;
            case 32: Pick<uint>(source, target, indices); break;
            case 64: Pick<ulong>(source, target, indices); break;
            case 128: Pick<UInt128>(source, target, indices); break;
            default:
                for (int i = 0; i < indices.Length; i++)
                {
                    PackedElements.SetBits(source.Type.Bits(), target.Data.Span, i, (byte)(indices[i] < 0 ? 0 : PackedElements.GetBits(source.Type.Bits(), source.Data.Span, indices[i])));
                }

                break;
        }
    }

    private static void Pick<T>(Tensor source, Tensor target, ReadOnlySpan<int> indices) where T : unmanaged =>
        Pick(MemoryMarshal.Cast<byte, T>(source.Data.Span), MemoryMarshal.Cast<byte, T>(target.Data.Span), indices, default);

    private static void Pick<T>(ReadOnlySpan<T> source, Span<T> target, ReadOnlySpan<int> indices, T missing)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            target[i] = indices[i] < 0 ? missing : source[indices[i]];
        }
    }
}
