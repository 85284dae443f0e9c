using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The activation that an attribute of a fused operator names.</summary>
internal static class FusedActivation
{
    /// <summary><paramref name="x"/> after the activation, which is none for an empty name; null after reporting one that is not known.</summary>
    /// <param name="parameters">In the order in which ONNX's operator has them; a missing one has that operator's default.</param>
    public static Value? Apply(ForeignNode n, Value x, string name, params IReadOnlyList<float?> parameters)
    {
        float Parameter(int index, float missing) => index < parameters.Count ? parameters[index] ?? missing : missing;
        if (name == "Clip")
        {
            DataType type = x.Tensor?.ElementType ?? DataType.Float32;
            return n.Call(new Clip(), x, n.Number(type, Parameter(0, float.MinValue)), n.Number(type, Parameter(1, float.MaxValue)));
        }

        Operator? op = name switch
        {
            "Relu" => new Relu(),
            "Sigmoid" => new Sigmoid(),
            "Tanh" => new Tanh(),
            "Softplus" => new Softplus(),
            "Softsign" => new Softsign(),
            "LeakyRelu" => new LeakyRelu(Parameter(0, 0.01f)),
            "Elu" => new Elu(Parameter(0, 1)),
            "ThresholdedRelu" => new ThresholdedRelu(Parameter(0, 1)),
            "HardSigmoid" => new HardSigmoid(Parameter(0, 0.2f), Parameter(1, 0.5f)),
            "Selu" => new Selu(Parameter(0, Selu.DefaultAlpha), Parameter(1, Selu.DefaultGamma)),
            _ => null,
        };
        if (op is null && name.Length > 0)
        {
            n.Fail($"activation={AttributeBag.Quote(name)} is not supported.", "Known are Relu, Sigmoid, Tanh, Softplus, Softsign, LeakyRelu, Elu, ThresholdedRelu, HardSigmoid, Selu and Clip.");
            return null;
        }

        return op is null ? x : n.Call(op, x);
    }
}
