using Peregrine.Ir;

namespace Peregrine.Compiler.Lowering;

/// <summary>Numbers the constants of a plan and of its sub-plans; a constant that several values share has one number.</summary>
internal sealed class ConstantTable
{
    private readonly List<Constant> _constants = [];
    private readonly Dictionary<Constant, int> _numbers = [];

    public IReadOnlyList<Constant> Constants => _constants;

    public int NumberOf(Constant constant)
    {
        if (!_numbers.TryGetValue(constant, out int number))
        {
            _numbers[constant] = number = _constants.Count;
            _constants.Add(constant);
        }

        return number;
    }
}
