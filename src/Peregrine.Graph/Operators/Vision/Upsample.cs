using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Opsets 7 to 9: enlarges a tensor by the input scales; ONNX replaced it by <see cref="Resize"/>, and so does the importer.</summary>
public sealed record Upsample(ResizeMode Mode = ResizeMode.Nearest) : Operator
{
    public static readonly Schema<Upsample> Schema = new Schema<Upsample>("Upsample", since: 9, a => new(a.Choice<ResizeMode>("mode"))).Inputs("X", "scales").Outputs("Y")
        .Choice("mode", o => o.Mode, ResizeMode.Nearest, ("nearest", ResizeMode.Nearest), ("linear", ResizeMode.Linear))
        .Import(1, 6, s => FromScales(s, [1, 1, s.Attributes.Float("height_scale", 1), s.Attributes.Float("width_scale", 1)]))
        .Import(7, 8, s => s.Attributes["scales"] is Floats scales ? FromScales(s, scales.AsSpan()) : s.Error("PG2013", "the required attribute \"scales\" is missing."))
        .Import(9, OperatorSchema.Newest, s => s.Call(LegacyResize.Operator(s.Attributes.Text("mode", "nearest"), s[1]), s[0], null, s[1]));

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c) => Resize.InferScaled(c, 1);

    public override IReadOnlyList<Value?>? Decompose(GraphBuilder g, IReadOnlyList<Value?> inputs, int outputCount) =>
        [g.Call(new Resize(CoordinateMode: CoordinateTransformation.Asymmetric, Mode: Mode, Rounding: NearestRounding.Floor), inputs[0], null, inputs[1])];

    private static IReadOnlyList<Value?> FromScales(ImportScope s, ReadOnlySpan<float> scales)
    {
        Value constant = s.Constant("scales", Tensor.Vector(scales));
        return s.Call(LegacyResize.Operator(s.Attributes.Text("mode", "nearest"), constant), s[0], null, constant);
    }
}

/// <summary>Upsample, and Resize as opset 10 knew it.</summary>
internal static class LegacyResize
{
    /// <summary>Coordinates are <c>x / scale</c>. The nearest element is the one below, but where the tensor shrinks the one above: so ONNX's own cases have it.</summary>
    public static Resize Operator(string mode, Value? scales)
    {
        bool shrinks = false;
        if (scales?.Constant?.Data is { } tensor && tensor.Type == DataType.Float32)
        {
            Span<float> values = tensor.Span<float>();
            shrinks = values.ContainsAnyInRange(0f, 0.99999f) && !values.ContainsAnyExceptInRange(0f, 1f);
        }

        return new(
            CoordinateMode: CoordinateTransformation.Asymmetric,
            Mode: mode == "nearest" ? ResizeMode.Nearest : ResizeMode.Linear,
            Rounding: shrinks ? NearestRounding.Ceil : NearestRounding.Floor);
    }
}
