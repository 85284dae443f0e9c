using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Execution;

/// <summary>A plan with its kernels compiled and its runs of kernel steps prepared as device programs. Immutable, shared by all contexts of an engine.</summary>
internal sealed class PreparedPlan : IDisposable
{
    private readonly Dictionary<int, PreparedPlan[]> _children = [];

    public PreparedPlan(Plan plan, IBackend backend, Func<KernelStep, IKernel> compile, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant> packed)
    {
        Plan = plan;
        Programs = new IDeviceProgram?[plan.Steps.Count];
        RunLengths = new int[plan.Steps.Count];
        Kernels = new IKernel?[plan.Steps.Count];
        for (int first = 0; first < plan.Steps.Count;)
        {
            int end = first;
            List<IKernel> kernels = [];
            while (end < plan.Steps.Count && plan.Steps[end] is KernelStep step)
            {
                IKernel kernel = compile(step);
                Kernels[end++] = kernel;
                kernels.Add(kernel);
            }

            if (end > first)
            {
                IDeviceProgram program = backend.Prepare(new(plan, first, end - first), kernels, constants, packed);
                for (int i = first; i < end; i++)
                {
                    Programs[i] = program;
                    RunLengths[i] = end - i;
                }

                first = end;
            }
            else
            {
                _children[first] = [.. plan.Steps[first].Subplans.Select(p => new PreparedPlan(p, backend, compile, constants, packed))];
                first++;
            }
        }
    }

    public Plan Plan { get; }

    /// <summary>Per kernel step its kernel.</summary>
    public IKernel?[] Kernels { get; }

    /// <summary>Per kernel step the program of its run.</summary>
    public IDeviceProgram?[] Programs { get; }

    /// <summary>Per kernel step how many kernel steps follow without a break, itself included.</summary>
    public int[] RunLengths { get; }

    /// <summary>The prepared sub-plans of a control step.</summary>
    public PreparedPlan[] Children(int step) => _children[step];

    /// <summary>The programs of the plan and its sub-plans.</summary>
    public IEnumerable<IDeviceProgram> AllPrograms => Programs.OfType<IDeviceProgram>().Distinct().Concat(_children.Values.SelectMany(c => c).SelectMany(c => c.AllPrograms));

    public void Dispose()
    {
        foreach (IDeviceProgram program in Programs.OfType<IDeviceProgram>().Distinct())
        {
            program.Dispose();
        }

        foreach (PreparedPlan child in _children.Values.SelectMany(c => c))
        {
            child.Dispose();
        }
    }
}
