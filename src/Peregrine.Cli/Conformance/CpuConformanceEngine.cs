using System.IO.Enumeration;
using Peregrine.Conformance;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Planning;

namespace Peregrine.Cli.Conformance;

/// <summary>The backend <c>cpu</c>: builds an engine of the model and runs it.</summary>
internal sealed class CpuConformanceEngine : IConformanceEngine
{
    private readonly Engine _engine;
    private readonly InferenceContext _context;

    /// <param name="requiredTactic">A pattern with * and ? that at least one layer's tactic must match; null for none.</param>
    /// <exception cref="PeregrineException">The model cannot be built, or no layer has such a tactic.</exception>
    public CpuConformanceEngine(OnnxModel model, EngineBuilder builder, string? requiredTactic)
    {
        _engine = builder.Build(model);
        try
        {
            string[] tactics = [.. _engine.Content.Plan.AllSteps.OfType<KernelStep>().Select(s => s.Tactic.Name).Distinct(StringComparer.Ordinal)];
            if (requiredTactic is not null && !tactics.Any(t => FileSystemName.MatchesSimpleExpression(requiredTactic, t, ignoreCase: false)))
            {
                throw new BackendException($"No layer has a tactic {requiredTactic}; they have {(tactics.Length > 0 ? string.Join(", ", tactics) : "none")}.");
            }

            _context = _engine.CreateContext();
        }
        catch
        {
            _engine.Dispose();
            throw;
        }
    }

    public IReadOnlyList<object?> Run(IReadOnlyList<object?> inputs, CancellationToken cancellation)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            if (inputs[i] is { } value)
            {
                _context.BindInput(_engine.Inputs[i].Name, value);
            }
        }

        _context.Run(cancellation);
        return [.. _engine.Outputs.Select(o => _context.OutputValue(o.Name))];
    }

    public void Dispose()
    {
        _context.Dispose();
        _engine.Dispose();
    }
}
