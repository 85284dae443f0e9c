namespace Peregrine.Conformance;

/// <summary>How results are judged.</summary>
public sealed record ConformanceOptions
{
    public static ConformanceOptions Default { get; } = new();

    /// <summary>Replaces the relative tolerance of every type.</summary>
    public double? RelativeTolerance { get; init; }

    /// <summary>Replaces the absolute tolerance of every type.</summary>
    public double? AbsoluteTolerance { get; init; }

    /// <summary>
    /// The absolute tolerance of floats is at least this part of the largest expected magnitude. The expected values are float32 results themselves: where the exact result of a sum
    /// of terms of magnitude 1 is 0, they hold noise of some 2e-7 (ONNX's inverse DFT cases do), and an implementation that is more exact must not fail for it. It does not apply where <see cref="AbsoluteTolerance"/> is given.
    /// </summary>
    public double MagnitudeTolerance { get; init; } = 1e-6;

    /// <summary>
    /// The same for outputs to which an operator has contributed that declares itself <see cref="Operators.Accuracy.Approximate"/>; the larger of both applies. It is on where <see cref="MagnitudeTolerance"/> is
    /// switched off to judge exact kernels: the noise of transforms and transcendental functions lies in the expected values, whoever is judged by them.
    /// </summary>
    public double ApproximateMagnitudeTolerance { get; init; } = 1e-6;

    /// <summary>Builds a model of its own for each set of data, in which all tensors among the inputs but the first are constants; cases without such inputs are skipped.</summary>
    public bool ConstantInputs { get; init; }

    /// <summary>A case that runs longer is stopped (between nodes) and fails.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}
