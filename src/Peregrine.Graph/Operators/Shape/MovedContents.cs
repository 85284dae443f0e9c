using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Value propagation for operators that only move elements: the reference kernel runs on the positions of the elements instead of on the elements,
/// which tells for every output element which input element (hence which dim) it is. Position 0 stands for the zero that a kernel fills in by itself.
/// </summary>
internal static class MovedContents
{
    /// <summary>States the contents of all outputs if the moved inputs are small integer tensors of known contents and every other input is constant. Call it after the types are stated.</summary>
    /// <param name="isMoved">Whether the elements of that input are moved (by default those of input 0 alone); the other inputs steer.</param>
    public static void Propagate(Operator op, InferenceScope c, Func<int, bool>? isMoved = null)
    {
        List<Dim> known = [Dim.Zero];
        Tensor?[] inputs = new Tensor?[c.InputCount];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (!c.Has(i))
            {
                continue;
            }

            inputs[i] = (isMoved?.Invoke(i) ?? i == 0) ? Positions(c, i, known) : Steering(c, i);
            if (inputs[i] is null)
            {
                return;
            }
        }

        IrType[] types = new IrType[c.OutputCount];
        bool[] wanted = new bool[c.OutputCount];
        for (int i = 0; i < types.Length; i++)
        {
            wanted[i] = c.Wants(i);
            types[i] = IrType.Unknown;
            if (wanted[i])
            {
                if (c.OutputType(i) is not TensorType { ElementType: DataType.Int64 or DataType.Int32 or DataType.Bool, Shape: { IsRanked: true, IsStatic: true } shape } || Count(shape) > ValueContents.MaxElements)
                {
                    return;
                }

                types[i] = new TensorType(DataType.Int64, shape);
            }
        }

        EvaluationScope scope = new(op, "", inputs.Length, types, wanted);
        for (int i = 0; i < inputs.Length; i++)
        {
            scope.BindInput(i, inputs[i]);
        }

        try
        {
            scope.Execute();
        }
        catch (ModelException e)
        {
            c.Error(e.Diagnostics[0].Code, e.Diagnostics[0].Message);
            return;
        }

        for (int i = 0; i < types.Length; i++)
        {
            if (wanted[i])
            {
                c.SetValue(i, Array.ConvertAll(((Tensor)scope.Result(i)!).Span<long>().ToArray(), position => known[(int)position]));
            }
        }
    }

    private static Tensor? Positions(InferenceScope c, int input, List<Dim> known)
    {
        if (c.ValueOf(input) is not { } contents || c.Shape(input) is not { IsRanked: true, IsStatic: true } shape || Count(shape) != contents.Count)
        {
            return null;
        }

        Tensor positions = Tensor.Allocate(DataType.Int64, shape.ToStatic());
        for (int i = 0; i < contents.Count; i++)
        {
            positions.Span<long>()[i] = known.Count;
            known.Add(contents[i]);
        }

        return positions;
    }

    private static Tensor? Steering(InferenceScope c, int input) =>
        c.ConstantOf(input) ?? (c.ValueOf(input) is { } contents && c.TypeOf(input) is TensorType type ? ValueContents.ToTensor(contents, type) : null);

    private static long Count(Shape shape) => shape.ElementCount.Constant;
}
