namespace Peregrine.Operators;

/// <summary>Unsqueeze at one axis, which is an int32 input.</summary>
internal static class ExpandDimsImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain
        .Declare("ExpandDims", n => [n.Call(new Unsqueeze(), n[0], n.Call(new Reshape(), Counting.Wide(n, n[1]!), n.Integers(1)))])
        .Inputs("X", "axis").Outputs("Y");
}
