using Peregrine.Ir;

namespace Peregrine.Rewriting;

/// <summary>One step of the pipeline over a whole graph. It changes the graph through patches only.</summary>
public interface IGraphPass
{
    /// <summary>Stands in logs and in the option that switches it off.</summary>
    string Name { get; }

    /// <summary>Facts about the graph that earlier passes must have established.</summary>
    IReadOnlyList<string> Requires => [];

    /// <summary>Facts about the graph that hold after this pass.</summary>
    IReadOnlyList<string> Establishes => [];

    void Run(Graph graph, PassContext context);
}

/// <summary>Runs passes as the context says.</summary>
public static class GraphPasses
{
    /// <summary>Runs one pass: skipped if it is disabled, its edits logged, its result verified on request. Returns the number of edits.</summary>
    public static int Run(IGraphPass pass, Graph graph, PassContext context)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        if (context.Disabled.Contains(pass.Name))
        {
            context.Log?.Invoke($"{pass.Name}: switched off");
            return 0;
        }

        int before = graph.Edits.Edits.Count, nodes = graph.Nodes.Count;
        pass.Run(graph, context);
        int edits = graph.Edits.Edits.Count - before;
        if (context.Log is { } log)
        {
            log($"{pass.Name}: {edits} edits, {nodes} -> {graph.Nodes.Count} nodes");
            foreach (Edit edit in graph.Edits.Edits.Skip(before))
            {
                log($"  {edit.Number} {edit.Name} at {edit.Where}");
            }
        }

        if (context.Verify)
        {
            GraphVerifier.Verify(graph, pass.Name);
        }

        return edits;
    }
}

/// <summary>A pass that is a set of rewrites run to a fixpoint.</summary>
public sealed class RewritePass(string name, IReadOnlyList<Rewrite> rules) : IGraphPass
{
    public string Name { get; } = name;

    public IReadOnlyList<Rewrite> Rules { get; } = rules;

    public void Run(Graph graph, PassContext context) => new Rewriter(Name, Rules).Run(graph, context);
}
