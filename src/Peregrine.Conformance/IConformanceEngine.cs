using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Conformance;

/// <summary>What a backend makes of a model for the suite. Failures are <see cref="PeregrineException"/>s; anything else counts as a crash.</summary>
public interface IConformanceEngine : IDisposable
{
    /// <summary>Results in the order of the model's outputs: Tensor, TensorSequence or OptionalValue.</summary>
    /// <param name="inputs">In the order of the model's inputs.</param>
    IReadOnlyList<object?> Run(IReadOnlyList<object?> inputs, CancellationToken cancellation);
}

/// <summary>The backend <c>reference</c>: interprets the imported graph with the operators' reference kernels.</summary>
public sealed class ReferenceConformanceEngine(OnnxModel model) : IConformanceEngine
{
    private readonly Graph _graph = model.Import();

    public IReadOnlyList<object?> Run(IReadOnlyList<object?> inputs, CancellationToken cancellation) => Interpreter.Run(_graph, inputs, cancellation);

    public void Dispose()
    {
    }
}
