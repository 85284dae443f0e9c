using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The element of X where the condition holds, else that of Y, with broadcasting; for every element type.</summary>
public sealed record Where : PointwiseOperator
{
    public static readonly Schema<Where> Schema = new Schema<Where>("Where", since: 9, _ => new()).Inputs("condition", "X", "Y").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override bool Accepts(int index, DataType type) => index == 0 ? type == DataType.Bool : type != DataType.Undefined;

    public override bool SharesType(int index) => index > 0;

    public override Expr Body(Operands x) => Expr.Select(x[0], x[1], x[2]);

    protected override void EvaluateOpaque(EvaluationScope c)
    {
        Tensor output = c.Output(0);
        BroadcastReader[] readers = [new(), new(), new()];
        for (int i = 0; i < readers.Length; i++)
        {
            readers[i].Bind(c.Dims(i), output.Dims);
        }

        ReadOnlySpan<byte> condition = c.Input(0).Data.Span;
        int size = output.Type.Bits() / 8;
        for (long i = 0; i < output.Length; i++)
        {
            int chosen = condition[(int)readers[0].IndexOf(i)] != 0 ? 1 : 2;
            int source = (int)readers[chosen].IndexOf(i);
            if (output.Type == DataType.String)
            {
                output.Strings[i] = c.Input(chosen).Strings[source];
            }
            else
            {
                c.Input(chosen).Data.Span.Slice(source * size, size).CopyTo(output.Data.Span[((int)i * size)..]);
            }
        }
    }
}
