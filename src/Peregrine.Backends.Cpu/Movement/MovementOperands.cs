using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>The operands of a call as their planner sees them: views, not memory.</summary>
internal readonly ref struct MovementOperands
{
    private readonly KernelRequest _request;
    private readonly KernelArguments _arguments;

    public MovementOperands(KernelRequest request, in KernelArguments arguments)
    {
        _request = request;
        _arguments = arguments;
    }

    public int InputCount => _request.Inputs.Count;

    public int OutputCount => _request.Outputs.Count;

    public bool HasInput(int index) => index < _request.Inputs.Count && _arguments.Step.Inputs[index] >= 0;

    public bool HasOutput(int index) => _arguments.Step.Outputs[index] >= 0;

    public StoredTensor Input(int index) => StoredTensor.Of(_arguments.InputDims(index), _request.Inputs[index].Layout);

    public StoredTensor Output(int index) => StoredTensor.Of(_arguments.OutputDims(index), _request.Outputs[index].Layout);

    /// <summary>Bytes of an element of an output.</summary>
    public int Size(int output) => _request.Outputs[output].Type.Bits() / 8;

    /// <summary>The values of a steering operand; null if it is absent.</summary>
    public long[]? Values(int input) => SteeringValues.Of(_arguments, input);

    /// <summary>Type and dims of an input, for messages.</summary>
    public string Describe(int input) => $"{_request.Inputs[input].Type.Name()}[{string.Join(',', _arguments.InputDims(input).ToArray())}]";

    /// <summary>The exception for data that the node cannot process.</summary>
    public ModelException Fail(string code, string message) => new(Diagnostic.Error(code, $"{_arguments.Step.Operator.Definition.Name} \"{_arguments.Step.Name}\": {message}"));

    /// <summary>A copy of a part of an input to a part of an output.</summary>
    public CopyNest Copy(int input, StoredTensor source, int output, StoredTensor target) => new(input, source, output, target, Size(output));
}
