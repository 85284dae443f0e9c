using Peregrine.Diagnostics;
using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>How close to the mathematically exact result a correct implementation must come; tests derive their tolerances from it.</summary>
public enum Accuracy
{
    /// <summary>Bit by bit: data movement, integers, comparisons.</summary>
    Exact,
    /// <summary>Sums and products of floats: errors grow with the number of terms.</summary>
    Rounding,
    /// <summary>Transcendental functions, iterations.</summary>
    Approximate,
}

/// <summary>
/// What a node computes: an immutable record of typed attributes with value equality. One operator is one file that holds its <see cref="OperatorSchema"/>,
/// type inference and reference kernel. Axes may be negative here as in ONNX; inference and evaluation normalise them at their door.
/// </summary>
public abstract record Operator
{
    /// <summary>The schema; it drives import, export, printing, parsing, fingerprints and the engine file.</summary>
    public abstract OperatorSchema Definition { get; }

    /// <summary>
    /// States the type of every wanted output (<see cref="InferenceScope.Set(int, Tensors.DataType, Symbolics.Shape)"/>), reports what is wrong with the inputs, and propagates
    /// the contents of small integer tensors where it can. An input may be unranked: then state the element type with <see cref="Symbolics.Shape.Unranked"/> and return.
    /// It must not read tensor contents except through <see cref="InferenceScope.ConstantOf"/> and <see cref="InferenceScope.ValueOf"/>.
    /// </summary>
    public abstract void Infer(InferenceScope c);

    /// <summary>The reference kernel: plain, obviously correct. By default it interprets <see cref="Decompose"/>.</summary>
    public virtual void Evaluate(EvaluationScope c) => c.EvaluateDecomposed();

    /// <summary>
    /// A composite operator builds the same computation from simpler ones and returns the outputs; null (the default) means that the operator is primitive.
    /// </summary>
    public virtual IReadOnlyList<Value?>? Decompose(GraphBuilder g, IReadOnlyList<Value?> inputs, int outputCount) => null;

    public virtual Accuracy Accuracy => Accuracy.Rounding;

    /// <summary><c>Conv{strides=[1,1]}</c>: the name and the attributes that differ from their defaults.</summary>
    public sealed override string ToString() => Definition.Print(this);
}

/// <summary>
/// An operator with bodies: If, Loop, Scan, SequenceMap. Bodies are closed graphs that share the outer graph's symbols and edit log: what they capture comes in as their last
/// inputs (all bodies of a node have the same captures in the same order), and the node has the captured values as its last inputs. An operator whose other inputs vary in
/// number has an integer attribute <c>capture_count</c>, which the importer sets.
/// </summary>
public interface ISubgraphOperator
{
    /// <summary>
    /// The attribute that tells how many of the last inputs are captures, where the numbers of inputs alone don't (Loop, Scan, SequenceMap; not If). It belongs to the closed form:
    /// an importer adds it when it closes bodies, an exporter drops it when it opens them.
    /// </summary>
    const string CaptureCountAttribute = "capture_count";

    IReadOnlyList<Graph> Subgraphs { get; }
}

/// <summary>An operator whose results are random: never folded, never merged with an equal one.</summary>
public interface IRandomOperator
{
    /// <summary>The seed, or null where the model leaves it to the implementation.</summary>
    float? Seed { get; }
}
