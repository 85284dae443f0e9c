using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The elements in another type. Numbers and truth values convert as <see cref="ConvertExpr"/> says. A string must be a number ("INF", "+INF", "-INF", "NaN" in any case
/// included); a number becomes its shortest text that reads back to it.
/// </summary>
/// <param name="Saturate">What becomes of values out of the range of a float8 type.</param>
/// <param name="RoundMode">How float8e8m0 rounds.</param>
public sealed record Cast(DataType To, bool Saturate = true, ExponentRounding RoundMode = ExponentRounding.Up) : PointwiseOperator
{
    public static readonly Schema<Cast> Schema = new Schema<Cast>("Cast", since: 6, a => new(a.DataType("to"), a.Flag("saturate"), a.Choice<ExponentRounding>("round_mode")))
        .Inputs("input").Outputs("output")
        .DataType("to", o => o.To)
        .Flag("saturate", o => o.Saturate, true)
        .Choice<ExponentRounding>("round_mode", o => o.RoundMode, ExponentRounding.Up, RoundModes)
        .Added(19, "saturate").Added(24, "round_mode")
        .Import(1, 5, NamedType);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    /// <summary>The texts of the attribute <c>round_mode</c>.</summary>
    internal static (string Text, ExponentRounding Value)[] RoundModes => [("up", ExponentRounding.Up), ("down", ExponentRounding.Down), ("nearest", ExponentRounding.Nearest)];

    public override bool Accepts(int index, DataType type) => base.Accepts(index, type) || type is DataType.Bool or DataType.String;

    public override Expr Body(Operands x) => new ConvertExpr(To, x[0]) { Saturate = Saturate, Rounding = RoundMode };

    protected override Shape ResultShape(InferenceScope c, Shape[] shapes)
    {
        if (To == DataType.Undefined || !DataTypes.IsDefined(To) || To.IsComplex())
        {
            c.Error("PG2309", $"to is {To.Name()}, which nothing can be cast to.");
        }

        return shapes[0];
    }

    protected override void EvaluateOpaque(EvaluationScope c) => TextConversion.Convert(c, this);

    private static IReadOnlyList<Ir.Value?>? NamedType(ImportScope s)
    {
        string name = s.Attributes.Text("to", "");
        DataType type = name switch
        {
            "FLOAT" => DataType.Float32,
            "DOUBLE" => DataType.Float64,
            _ when Enum.TryParse(name, ignoreCase: true, out DataType parsed) && parsed.ToString().Equals(name, StringComparison.OrdinalIgnoreCase) => parsed,
            _ => DataType.Undefined,
        };
        return type == DataType.Undefined ? s.Error("PG2024", $"\"to\" is {AttributeBag.Quote(name)}, which names no element type.") : s.Default(("to", (long)type));
    }
}
