using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Whether a = b, with broadcasting, for numbers, truth values and strings. Opsets 1 to 6 aligned b by the attributes <c>broadcast</c> and <c>axis</c>.</summary>
public sealed record Equal : PointwiseOperator
{
    public static readonly Schema<Equal> Schema = new Schema<Equal>("Equal", since: 7, _ => new()).Inputs("A", "B").Outputs("C")
        .Import(1, 6, LegacyBroadcast.Import);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => base.Accepts(index, type) || type is DataType.Bool or DataType.String;

    public override Expr Body(Operands x) => Expr.Equal(x[0], x[1]);

    protected override void EvaluateOpaque(EvaluationScope c)
    {
        Tensor output = c.Output(0);
        BroadcastReader left = new(), right = new();
        left.Bind(c.Dims(0), output.Dims);
        right.Bind(c.Dims(1), output.Dims);
        Span<byte> result = output.Data.Span;
        for (int i = 0; i < result.Length; i++)
        {
            bool equal = string.Equals(c.Input(0).Strings[left.IndexOf(i)], c.Input(1).Strings[right.IndexOf(i)], StringComparison.Ordinal);
            result[i] = (byte)(equal ? 1 : 0);
        }
    }
}
