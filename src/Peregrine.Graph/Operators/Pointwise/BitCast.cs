using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The same bits (little endian) read as another element type of the same width.</summary>
public sealed record BitCast(DataType To) : Operator
{
    public static readonly Schema<BitCast> Schema = new Schema<BitCast>("BitCast", since: 26, a => new(a.DataType("to"))).Inputs("input").Outputs("output")
        .DataType("to", o => o.To);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        DataType from = c.ElementType(0);
        if (To.Bits() == 0 || from.Bits() != To.Bits())
        {
            c.Error("PG2309", $"the bits of {from.Name()} cannot be read as {To.Name()}: both must be numbers of one width.");
            return;
        }

        c.Set(0, To, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c) => c.Input(0).Data.CopyTo(c.Output(0).Data);
}
