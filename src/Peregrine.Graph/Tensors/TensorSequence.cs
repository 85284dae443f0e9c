namespace Peregrine.Tensors;

/// <summary>The value of an ONNX sequence: an immutable list whose items are each a <see cref="Tensor"/>, a <see cref="TensorSequence"/>, a <see cref="TensorMap"/> or an <see cref="OptionalValue"/>.</summary>
public sealed class TensorSequence(IReadOnlyList<object> items)
{
    public static TensorSequence Empty { get; } = new([]);

    public IReadOnlyList<object> Items { get; } = items;

    public int Count => Items.Count;
}

/// <summary>The value of an ONNX optional: something or nothing.</summary>
public sealed class OptionalValue(object? value)
{
    public static OptionalValue None { get; } = new(null);

    public object? Value { get; } = value;

    public bool HasValue => Value is not null;
}
