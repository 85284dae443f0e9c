using System.Numerics;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>
/// Evaluates an epilogue on a few vectors at a time, operation by operation, where no code is generated. Every value has a slot of <see cref="Length"/> vectors; truth values are vectors of all bits set or clear.
/// </summary>
internal sealed unsafe class EpilogueBlocks
{
    /// <summary>Vectors of a slot.</summary>
    public const int Length = 12;

    private readonly EpilogueNode[] _nodes;
    private readonly int _result;

    public EpilogueBlocks(Expr epilogue)
    {
        EpilogueGraph graph = new(epilogue, null);
        if (graph.Problem is not null)
        {
            throw new ArgumentException($"The expression {epilogue} cannot be evaluated: {graph.Problem}.", nameof(epilogue));
        }

        (_nodes, _result) = ([.. graph.Nodes], graph.Result);
    }

    /// <summary>Vectors of memory that an evaluation needs.</summary>
    public int SlotVectors => _nodes.Length * Length;

    /// <summary>Where operands go: pairs of slot and operand number.</summary>
    public IEnumerable<(int Slot, int Operand)> Operands => _nodes.Select((n, i) => (Slot: i, Node: n)).Where(n => n.Node.Step == EpilogueStep.Operand).Select(n => (n.Slot, n.Node.Data));

    /// <summary>Computes the first <paramref name="count"/> vectors of every slot; returns that of the result.</summary>
    public Vector<float>* Run(Vector<float>* slots, int count)
    {
        for (int number = 0; number <= _result; number++)
        {
            EpilogueNode node = _nodes[number];
            if (node.Step != EpilogueStep.Operand)
            {
                Vector<float>* a = slots + (node.A * Length), b = slots + (node.B * Length), c = slots + (node.C * Length), to = slots + (number * Length);
                for (int i = 0; i < count; i++)
                {
                    to[i] = node.Step switch
                    {
                        EpilogueStep.Constant => node.IsBool ? Truth(node.Data != 0 ? Vector<int>.AllBitsSet : Vector<int>.Zero) : new Vector<float>(node.Value),
                        EpilogueStep.Unary => Unary((UnaryFunction)node.Data, a[i]),
                        EpilogueStep.Binary => Binary((BinaryFunction)node.Data, node.IsBool && _nodes[node.A].IsBool, a[i], b[i]),
                        EpilogueStep.Select => Vector.ConditionalSelect(Vector.AsVectorInt32(a[i]), b[i], c[i]),
                        EpilogueStep.BoolToFloat => a[i] & Vector<float>.One,
                        EpilogueStep.FloatToBool => Truth(~Vector.Equals(a[i], Vector<float>.Zero)),
                        EpilogueStep.MultiplyAdd => Vector.MultiplyAddEstimate(a[i], b[i], c[i]),
                        EpilogueStep.NegatedMultiplyAdd => Vector.MultiplyAddEstimate(-a[i], b[i], c[i]),
                        EpilogueStep.SigmoidProduct => MathLibrary.SigmoidProduct<VectorLanes, Vector<float>, Vector<int>>(default, a[i], b[i]),
                        EpilogueStep.Erf => MathLibrary.Erf<VectorLanes, Vector<float>, Vector<int>>(default, a[i], b[i]),
                        EpilogueStep.TanhSoftplus => MathLibrary.TanhSoftplus<VectorLanes, Vector<float>, Vector<int>>(default, a[i]),
                        _ => throw new InvalidOperationException(node.ToString()),
                    };
                }
            }
        }

        return slots + (_result * Length);
    }

    private static Vector<float> Truth(Vector<int> mask) => Vector.AsVectorSingle(mask);

    private static Vector<float> Unary(UnaryFunction function, Vector<float> x) => function switch
    {
        UnaryFunction.Negate => -x,
        UnaryFunction.Abs => Vector.Abs(x),
        UnaryFunction.Sign => Vector.ConditionalSelect(
            Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.One, Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), -Vector<float>.One, x + Vector<float>.Zero)),
        UnaryFunction.Floor => Vector.Floor(x),
        UnaryFunction.Ceiling => Vector.Ceiling(x),
        UnaryFunction.RoundEven => Vector.Round(x, MidpointRounding.ToEven),
        UnaryFunction.Truncate => Vector.Truncate(x),
        UnaryFunction.Sqrt => Vector.SquareRoot(x),
        UnaryFunction.Reciprocal => Vector<float>.One / x,
        UnaryFunction.Exp => MathLibrary.Exp<VectorLanes, Vector<float>, Vector<int>>(default, x),
        UnaryFunction.Sigmoid => MathLibrary.Sigmoid<VectorLanes, Vector<float>, Vector<int>>(default, x),
        UnaryFunction.Expm1 => MathLibrary.Expm1<VectorLanes, Vector<float>, Vector<int>>(default, x),
        UnaryFunction.Tanh => MathLibrary.Tanh<VectorLanes, Vector<float>, Vector<int>>(default, x),
        UnaryFunction.Log => MathLibrary.Log<VectorLanes, Vector<float>, Vector<int>>(default, x),
        UnaryFunction.Log1p => MathLibrary.Log1p<VectorLanes, Vector<float>, Vector<int>>(default, x),
        UnaryFunction.Not => ~x,
        UnaryFunction.IsNaN => Truth(~Vector.Equals(x, x)),
        UnaryFunction.IsPositiveInfinity => Truth(Vector.Equals(x, new Vector<float>(float.PositiveInfinity))),
        UnaryFunction.IsNegativeInfinity => Truth(Vector.Equals(x, new Vector<float>(float.NegativeInfinity))),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    private static Vector<float> Binary(BinaryFunction function, bool ofTruths, Vector<float> x, Vector<float> y) => function switch
    {
        BinaryFunction.Add => x + y,
        BinaryFunction.Subtract => x - y,
        BinaryFunction.Multiply => x * y,
        BinaryFunction.Divide => x / y,
        BinaryFunction.Min => Vector.Min(x, y),
        BinaryFunction.Max => Vector.Max(x, y),
        BinaryFunction.And => x & y,
        BinaryFunction.Or => x | y,
        BinaryFunction.Xor => x ^ y,
        BinaryFunction.Equal when ofTruths => ~(x ^ y),
        BinaryFunction.Equal => Truth(Vector.Equals(x, y)),
        BinaryFunction.Less => Truth(Vector.LessThan(x, y)),
        BinaryFunction.LessOrEqual => Truth(Vector.LessThanOrEqual(x, y)),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };
}
