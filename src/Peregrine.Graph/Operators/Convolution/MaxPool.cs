using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The largest element under each window, padding left out (NaN wins). The optional second output tells its flat position in X, spatial dimensions in row- or column-major order.</summary>
public sealed record MaxPool(
    AutoPad AutoPad = AutoPad.NotSet, bool CeilMode = false, Ints Dilations = default, Ints KernelShape = default, Ints Pads = default, bool ColumnMajorIndices = false, Ints Strides = default)
    : SlidingPool(AutoPad, CeilMode, Dilations, KernelShape, Pads, Strides)
{
    public static readonly Schema<MaxPool> Schema = new Schema<MaxPool>(
            "MaxPool", since: 1,
            a => new(a.Choice<AutoPad>("auto_pad"), a.Flag("ceil_mode"), a.Ints("dilations"), a.Ints("kernel_shape"), a.Ints("pads"), a.Flag("storage_order"), a.Ints("strides")))
        .Inputs("X").Outputs("Y", "Indices?")
        .AutoPad(o => o.AutoPad).Flag("ceil_mode", o => o.CeilMode, false)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Ints("kernel_shape", o => o.KernelShape)
        .Ints("pads", o => o.Pads, Ints.Empty).Flag("storage_order", o => o.ColumnMajorIndices, false).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16, DataType.Int8, DataType.UInt8))
        {
            return;
        }

        Shape shape = InferShape(c);
        c.Set(0, c.ElementType(0), shape);
        c.Set(1, DataType.Int64, shape);
    }

    public override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.Float64: Pool<double>(c); break;
            case var type when type.IsFloat(): Pool<float>(c); break;
            default: Pool<int>(c); break;
        }
    }

    private void Pool<T>(EvaluationScope c) where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        WindowKernel window = KernelOf(c);
        ReadOnlySpan<T> x = c.Read<T>(0);
        Span<T> y = c.Write<T>(0);
        if (!c.Wants(1))
        {
            PoolingKernel.Run(c, window, x, y, new Largest<T>());
            return;
        }

        Span<long> indices = c.Write<long>(1);
        Span<int> room = c.Scratch<int>(window.MaxTaps);
        for (int position = 0; position < window.OutputVolume; position++)
        {
            ReadOnlySpan<int> taps = room[..window.Taps(position, room, out _)];
            for (int plane = 0, at = position; at < y.Length; plane++, at += window.OutputVolume)
            {
                ReadOnlySpan<T> elements = x.Slice(plane * window.InputVolume, window.InputVolume);
                int winner = Largest<T>.Find(elements, taps);
                y[at] = winner < 0 ? Largest<T>.Empty : elements[winner];
                indices[at] = winner < 0 ? -1 : ((long)plane * window.InputVolume) + (ColumnMajorIndices ? ColumnMajor(winner, window) : winner);
            }
        }
    }

    private static long ColumnMajor(int flat, WindowKernel window)
    {
        long index = 0, stride = 1;
        for (int axis = 0; axis < window.Rank; axis++)
        {
            index += flat / window.InputStrides[axis] * stride;
            flat %= window.InputStrides[axis];
            stride *= window.Input[axis];
        }

        return index;
    }

    /// <summary>The first of the largest elements.</summary>
    internal readonly struct Largest<T> : IWindowReduction<T> where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        /// <summary>The value of a window that covers padding only.</summary>
        public static T Empty => typeof(T) == typeof(float) ? T.CreateChecked(float.NegativeInfinity) : typeof(T) == typeof(double) ? T.CreateChecked(double.NegativeInfinity) : T.MinValue;

        public T Reduce(ReadOnlySpan<T> plane, ReadOnlySpan<int> taps, long covered)
        {
            int winner = Find(plane, taps);
            return winner < 0 ? Empty : plane[winner];
        }

        public static int Find(ReadOnlySpan<T> plane, ReadOnlySpan<int> taps)
        {
            if (taps.IsEmpty)
            {
                return -1;
            }

            int winner = taps[0];
            T largest = plane[winner];
            foreach (int tap in taps[1..])
            {
                if (plane[tap] > largest || (T.IsNaN(plane[tap]) && !T.IsNaN(largest)))
                {
                    largest = plane[tap];
                    winner = tap;
                }
            }

            return winner;
        }
    }
}
