using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The Hann window: a₀ = 0.5, a₁ = -0.5.</summary>
public sealed record HannWindow(DataType OutputType = DataType.Float32, bool Periodic = true) : CosineWindow(OutputType, Periodic)
{
    public static readonly Schema<HannWindow> Schema = Declare("HannWindow", (type, periodic) => new HannWindow(type, periodic));

    public override OperatorSchema Definition => Schema;

    protected override (double A0, double A1, double A2) Coefficients => (0.5, -0.5, 0);
}
