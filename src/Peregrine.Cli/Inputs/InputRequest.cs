using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Cli.Inputs;

/// <summary>What is to be fed: files and shapes by the input's name, and the seed of everything that is random.</summary>
internal sealed record InputRequest(IReadOnlyDictionary<string, string> Files, IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes, int Seed)
{
    /// <summary>Values for all inputs, in their order.</summary>
    /// <param name="profile">Its optimum is the shape of inputs for which none is given; null for none.</param>
    /// <param name="variant">Another number, other random numbers.</param>
    /// <exception cref="BindingException">A name is no input, a file does not fit, or no value can be made.</exception>
    public object[] Create(IReadOnlyList<EngineBinding> inputs, OptimizationProfile? profile = null, int variant = 0)
    {
        if (Files.Keys.Concat(Shapes.Keys).FirstOrDefault(name => inputs.All(i => i.Name != name)) is { } unknown)
        {
            throw new BindingException($"There is no input \"{unknown}\"; there are {string.Join(", ", inputs.Select(i => $"\"{i.Name}\" ({i.Type})"))}.");
        }

        Dictionary<string, long> symbols = new(StringComparer.Ordinal);
        object?[] values = [.. inputs.Select(i => Files.TryGetValue(i.Name, out string? path) ? Read(i, path) : null)];
        for (int i = 0; i < values.Length; i++)
        {
            Learn(inputs[i], values[i] is Tensor tensor ? tensor.Dims : Shapes.TryGetValue(inputs[i].Name, out IReadOnlyList<long>? dims) ? [.. dims] : default, symbols);
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] ??= Fill(inputs[i], profile, symbols, HashCode(Seed, variant, i));
        }

        return [.. values.Select(v => v!)];
    }

    private static int HashCode(int seed, int variant, int input) => unchecked((((seed * 31) + variant) * 31) + input);

    private static object Read(EngineBinding input, string path)
    {
        object value = Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase) ? NumpyFile.Read(path) : OnnxValueFile.Read(path, input.Type);
        if (value is not Tensor tensor || input.Type is not TensorType type)
        {
            return value;
        }

        Tensor fitting = WiderForms.Narrow(tensor, type.ElementType);
        return fitting.Type == type.ElementType
            ? fitting
            : throw new BindingException($"Input \"{input.Name}\" is {type}, but \"{path}\" holds {tensor}. Convert it (in NumPy with .astype).");
    }

    /// <summary>Takes the values of symbols from a shape that was given.</summary>
    private static void Learn(EngineBinding input, ReadOnlySpan<long> dims, Dictionary<string, long> symbols)
    {
        if (input.Type is TensorType { Shape.IsRanked: true } type && type.Shape.Rank == dims.Length)
        {
            for (int axis = 0; axis < dims.Length; axis++)
            {
                if (type.Shape[axis].SymbolName is { } symbol)
                {
                    symbols.TryAdd(symbol, dims[axis]);
                }
            }
        }
    }

    private object Fill(EngineBinding input, OptimizationProfile? profile, Dictionary<string, long> symbols, int seed)
    {
        if (input.Type is OptionalType)
        {
            return OptionalValue.None;
        }

        if (input.Type is SequenceType)
        {
            return TensorSequence.Empty;
        }

        if (input.Type is MapType map)
        {
            return new TensorMap(Tensor.Allocate(map.Key, [0]), Tensor.Allocate(map.Element, [0]));
        }

        if (input.Type is not TensorType type)
        {
            throw new BindingException($"Input \"{input.Name}\" has no known type; give its data with --input {input.Name}=FILE.");
        }

        long[] dims = Shapes.TryGetValue(input.Name, out IReadOnlyList<long>? given) ? [.. given] : Dims(input.Name, type, profile, symbols);
        return RandomInput.Create(type.ElementType, dims, seed);
    }

    private static long[] Dims(string name, TensorType type, OptimizationProfile? profile, Dictionary<string, long> symbols)
    {
        if (!type.Shape.IsRanked)
        {
            throw new BindingException($"Input \"{name}\" may have any rank; give its shape with --shape {name}=1x3x224x224.");
        }

        Ints? optimum = profile?.Inputs.FirstOrDefault(p => p.Input == name)?.Opt;
        long[] dims = new long[type.Shape.Rank];
        for (int axis = 0; axis < dims.Length; axis++)
        {
            Dim dim = type.Shape[axis];
            if (dim.SymbolName is { } symbol)
            {
                symbols.TryAdd(symbol, optimum is { } extents ? extents[axis] : 1);
            }

            try
            {
                dims[axis] = dim.Evaluate(s => symbols.TryGetValue(s, out long value) ? value : 1);
            }
            catch (Exception e) when (e is DimException or OverflowException)
            {
                throw new BindingException(string.Create(CultureInfo.InvariantCulture, $"Dimension {axis} of input \"{name}\" is {dim}, which has no value here: {e.Message} Give the shape with --shape."), e);
            }
        }

        return dims;
    }
}
