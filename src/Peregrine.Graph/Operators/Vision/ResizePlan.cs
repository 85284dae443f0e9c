using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The axes of a <see cref="Resize"/> worked out for certain shapes and parameters; the scope's state keeps it, so that equal calls allocate nothing.</summary>
internal sealed class ResizePlan
{
    private readonly long[] _input;
    private readonly long[] _output;
    private readonly Tensor?[] _parameters;
    private readonly ResizeAxis[] _axes;

    private ResizePlan(EvaluationScope c, Resize resize, Tensor x, Tensor y)
    {
        _input = x.Dims.ToArray();
        _output = y.Dims.ToArray();
        _parameters = [.. Enumerable.Range(1, 3).Select(i => c.Has(i) ? c.Input(i).Clone() : null)];
        _axes = ResizeGeometry.Plan(c, resize, x.Dims, y.Dims);
    }

    public static ResizeAxis[] Of(EvaluationScope c, Resize resize, Tensor x, Tensor y)
    {
        if (c.State is not ResizePlan plan || !plan.IsFor(c, x, y))
        {
            c.State = plan = new(c, resize, x, y);
        }

        return plan._axes;
    }

    private bool IsFor(EvaluationScope c, Tensor x, Tensor y)
    {
        if (!x.Dims.SequenceEqual(_input) || !y.Dims.SequenceEqual(_output))
        {
            return false;
        }

        for (int i = 0; i < _parameters.Length; i++)
        {
            if (c.Has(i + 1) ? !c.Input(i + 1).Equals(_parameters[i]) : _parameters[i] is not null)
            {
                return false;
            }
        }

        return true;
    }
}
