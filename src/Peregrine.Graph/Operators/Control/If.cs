using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Runs one of two branches. Inputs are the condition (bool, one element), then the captures of both branches; each branch is a closed graph whose inputs are exactly these captures
/// in the same order, whether it uses them or not.
/// </summary>
public sealed record If(Graph Then, Graph Else) : Operator, ISubgraphOperator
{
    public static readonly Schema<If> Schema = new Schema<If>("If", since: 1, a => new(a.Graph("then_branch"), a.Graph("else_branch"))).Inputs("cond", "captures...?").Outputs("outputs...")
        .Graph("then_branch", o => o.Then)
        .Graph("else_branch", o => o.Else);

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Then, Else];

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Bool))
        {
            return;
        }

        if (c.IsRanked(0) && Dim.ProvablyDifferent(c.Shape(0).ElementCount, Dim.One))
        {
            c.Error("PG2154", $"cond is {c.TypeOf(0)}, but must have exactly one element.");
            return;
        }

        if (Then.Outputs.Count < c.OutputCount || Else.Outputs.Count < c.OutputCount)
        {
            c.Error("PG2150", $"it has {c.OutputCount} outputs, but then_branch has {Then.Outputs.Count} and else_branch {Else.Outputs.Count}.");
            return;
        }

        // A branch that is never taken may well be impossible for these shapes.
        Dim? known = c.ValueOf(0) is [{ IsConstant: true } value] ? value : null;
        IReadOnlyList<Diagnostic> thenFindings = [], otherwiseFindings = [];
        IReadOnlyList<IrType>? then = known != Dim.Zero ? Branch(Then, out thenFindings) : null;
        IReadOnlyList<IrType>? otherwise = known is null || known == Dim.Zero ? Branch(Else, out otherwiseFindings) : null;
        if (then is null && otherwise is null)
        {
            c.Report(thenFindings);
            c.Report(otherwiseFindings);
            return;
        }

        if (known is null && (then is null || otherwise is null))
        {
            string branch = then is null ? "then_branch" : "else_branch";
            c.Warn("PG2158", $"{branch} is impossible for these shapes; taking it will fail: {(then is null ? thenFindings : otherwiseFindings).First(f => f.Severity == Severity.Error).Message}");
        }

        for (int i = 0; i < c.OutputCount; i++)
        {
            if (then is null || otherwise is null)
            {
                c.Set(i, c.Outward((then ?? otherwise)![i]));
            }
            else if (c.Join(then[i], otherwise[i]) is { } joined)
            {
                c.Set(i, c.Outward(joined));
            }
            else
            {
                c.Error("PG2155", $"output {i} is {then[i]} in then_branch and {otherwise[i]} in else_branch.");
                return;
            }

            IReadOnlyList<Dim>? a = (then is null ? Else : Then).Outputs[i].Value.Contents, b = (otherwise is null ? Then : Else).Outputs[i].Value.Contents;
            if (a is not null && b is not null && a.SequenceEqual(b) && a.All(d => d.IsConstant))
            {
                c.SetValue(i, a);
            }
        }

        IReadOnlyList<IrType>? Branch(Graph branch, out IReadOnlyList<Diagnostic> findings) =>
            c.TryInferSubgraph(branch, [.. Captures().Select(c.TypeOf)], [.. Captures().Select(c.ValueOf)], out findings);

        IEnumerable<int> Captures() => Enumerable.Range(1, c.InputCount - 1);
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Length != 1)
        {
            throw c.Fail("PG2154", $"cond is {c.Input(0)}, but must have exactly one element.");
        }

        object?[] captures = new object?[c.InputCount - 1];
        for (int i = 0; i < captures.Length; i++)
        {
            captures[i] = c.Has(i + 1) ? c.InputValue(i + 1) : null;
        }

        object?[] results = c.Run(c.Input(0).Data.Span[0] != 0 ? Then : Else, captures);
        for (int i = 0; i < c.OutputCount; i++)
        {
            c.Set(i, results[i]);
        }
    }
}
