using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The Hamming window with the exact coefficients a₀ = 25/46, a₁ = -21/46.</summary>
public sealed record HammingWindow(DataType OutputType = DataType.Float32, bool Periodic = true) : CosineWindow(OutputType, Periodic)
{
    public static readonly Schema<HammingWindow> Schema = Declare("HammingWindow", (type, periodic) => new HammingWindow(type, periodic));

    public override OperatorSchema Definition => Schema;

    protected override (double A0, double A1, double A2) Coefficients => (25.0 / 46, -21.0 / 46, 0);
}
