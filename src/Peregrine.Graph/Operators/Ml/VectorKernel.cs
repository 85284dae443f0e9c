using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>How a support vector machine compares two rows.</summary>
public enum VectorKernel
{
    /// <summary>a·b.</summary>
    Linear,
    /// <summary>(gamma·a·b + coef0)^degree.</summary>
    Polynomial,
    /// <summary>exp(-gamma·|a - b|²).</summary>
    Radial,
    /// <summary>tanh(gamma·a·b + coef0).</summary>
    Sigmoid,
}

/// <summary>The attributes <c>kernel_type</c> and <c>kernel_params</c> and what they mean.</summary>
internal static class VectorKernels
{
    public static (string Text, VectorKernel Value)[] Choices => [("LINEAR", VectorKernel.Linear), ("POLY", VectorKernel.Polynomial), ("RBF", VectorKernel.Radial), ("SIGMOID", VectorKernel.Sigmoid)];

    /// <param name="parameters">gamma, coef0, degree; or none.</param>
    public static double Compare(VectorKernel kernel, Floats parameters, ReadOnlySpan<double> x, ReadOnlySpan<float> vector)
    {
        (double gamma, double offset, double degree) = parameters.Count == 0 ? (0, 0, 0) : (parameters[0], parameters[1], parameters[2]);
        double dot = 0, distance = 0;
        for (int i = 0; i < x.Length; i++)
        {
            dot += x[i] * vector[i];
            distance += (x[i] - vector[i]) * (x[i] - vector[i]);
        }

        return kernel switch
        {
            VectorKernel.Polynomial => Math.Pow((gamma * dot) + offset, degree),
            VectorKernel.Radial => Math.Exp(-gamma * distance),
            VectorKernel.Sigmoid => Math.Tanh((gamma * dot) + offset),
            _ => dot,
        };
    }
}
