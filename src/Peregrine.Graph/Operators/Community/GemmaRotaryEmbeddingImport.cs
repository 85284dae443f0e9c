using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>q · cos + rotated q · sin, and likewise for k, for angles that all heads share.</summary>
internal static class GemmaRotaryEmbeddingImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GemmaRotaryEmbedding", Import)
        .Inputs("emb", "q", "q_rot", "k", "k_rot").Outputs("output1", "output2");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        DataType type = n.ElementType(1);
        Value cosine = Factor(n, new Cos(), type), sine = Factor(n, new Sin(), type);
        return [Turn(n, n[1]!, n[2]!, cosine, sine), Turn(n, n[3]!, n[4]!, cosine, sine)];
    }

    private static Value Factor(ForeignNode n, Operator function, DataType type) => Counting.Unsqueeze(n, n.Call(new Cast(type), n.Call(function, n[0])), 1);

    private static Value Turn(ForeignNode n, Value x, Value rotated, Value cosine, Value sine) =>
        n.Call(new Add(), n.Call(new Mul(), x, cosine), n.Call(new Mul(), rotated, sine));
}
