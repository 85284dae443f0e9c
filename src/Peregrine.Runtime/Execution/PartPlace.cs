using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>Where parts lie inside of other slots, once all extents are known.</summary>
internal static class PartPlace
{
    /// <summary>Bytes from the start of a slot to a part of it.</summary>
    /// <exception cref="BindingException">The elements of the part do not lie where its layout says, seen from there, or not inside of the slot.</exception>
    public static long ByteOffset(BufferSlot part, long[] dims, BufferSlot target, ReadOnlySpan<long> whole)
    {
        (long[] strides, long origin, long elements) = target.Layout.Resolve(whole);
        (long[] own, long ownOrigin, long ownElements) = part.Layout.Resolve(dims);
        bool fits = part.Start <= whole[part.Axis] - dims[part.Axis] && part.Layout.BlockAxis < 0 && target.Layout.BlockAxis < 0 && origin == 0 && ownOrigin == 0;
        for (int axis = 0; fits && axis < dims.Length; axis++)
        {
            fits = (axis == part.Axis || dims[axis] == whole[axis]) && (dims[axis] <= 1 || own[axis] == strides[axis]);
        }

        // An empty part occupies nothing, wherever it lies.
        long start = ownElements == 0 ? 0 : checked(part.Start * strides[part.Axis]);
        if (!fits || checked(start + ownElements) > elements)
        {
            throw new BindingException(
                $"%{part.Name} with the shape [{string.Join(',', dims)}] ({part.Layout}) is no part of %{target.Name}, [{string.Join(',', whole.ToArray())}] ({target.Layout}), from {part.Start} on axis {part.Axis}.");
        }

        return start * (((TensorType)part.Type).ElementType.Bits() / 8);
    }
}
