using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The Blackman window: a₀ = 0.42, a₁ = -0.5, a₂ = 0.08.</summary>
public sealed record BlackmanWindow(DataType OutputType = DataType.Float32, bool Periodic = true) : CosineWindow(OutputType, Periodic)
{
    public static readonly Schema<BlackmanWindow> Schema = Declare("BlackmanWindow", (type, periodic) => new BlackmanWindow(type, periodic));

    public override OperatorSchema Definition => Schema;

    protected override (double A0, double A1, double A2) Coefficients => (0.42, -0.5, 0.08);
}
