using Peregrine;
using Peregrine.Backends.Cpu;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Tensors;

namespace Fuzz;

/// <summary>What is done with a hostile file: all that an innocent user would do.</summary>
internal static class FuzzTarget
{
    // An input that the harness itself would have to fill; larger ones are only asked for.
    private const long MaxInputBytes = 16 << 20;

    /// <summary>Loads, builds and runs. Returns how far it came; throws what must not be thrown.</summary>
    public static string Run(FuzzCase attack, CancellationToken cancellation)
    {
        try
        {
            using Engine engine = Open(attack, cancellation);
            using InferenceContext context = engine.CreateContext();
            Random random = new(attack.Seed);
            foreach (EngineBinding input in engine.Inputs)
            {
                if (!Bind(context, input, random))
                {
                    return "input too large";
                }
            }

            context.Run(cancellation);
            foreach (EngineBinding output in engine.Outputs)
            {
                _ = context.OutputValue(output.Name);
            }

            return "ran";
        }
        catch (PeregrineException e)
        {
            return e is ModelException model ? model.Diagnostics[0].Code : e.GetType().Name;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return "cancelled";
        }
    }

    private static Engine Open(FuzzCase attack, CancellationToken cancellation)
    {
        if (attack.Kind == FuzzKind.Onnx)
        {
            return new EngineBuilder().UseCpu(cpu => cpu.Threads = 1).Level(0).VerifyPasses().Build(OnnxModel.Load(attack.File, "hostile.onnx", Path.GetTempPath()), cancellation: cancellation);
        }

        EngineFile file = EngineCodec.Open(attack.File, OperatorCatalog.Standard);
        try
        {
            return new(file.Content, new CpuBackend(1), source: file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static bool Bind(InferenceContext context, EngineBinding input, Random random)
    {
        object? value = Make(input.Type, random);
        if (value is null)
        {
            return false;
        }

        context.BindInput(input.Name, value);
        return true;
    }

    private static object? Make(IrType type, Random random) => type switch
    {
        TensorType tensor => Make(tensor, random),
        SequenceType sequence => Enumerable.Range(0, random.Next(4)).Select(_ => Make(sequence.Element, random)).ToArray() is var items && Array.TrueForAll(items, i => i is not null) ? new TensorSequence([.. items.OfType<object>()]) : null,
        OptionalType optional => new OptionalValue(random.Next(2) == 0 ? null : Make(optional.Element, random)),
        MapType map => new TensorMap(Tensor.Allocate(map.Key, [0]), Tensor.Allocate(map.Element, [0])),
        _ => Tensor.Scalar(0f),
    };

    private static Tensor? Make(TensorType type, Random random)
    {
        long[] dims = type.Shape.IsRanked
            ? [.. type.Shape.Select(d => d.IsConstant ? d.Constant : new long[] { 0, 1, 2, 3, 3, 5, 8, 17 }[random.Next(8)])]
            : [.. Enumerable.Range(0, random.Next(5)).Select(_ => (long)random.Next(1, 5))];
        long bytes;
        try
        {
            bytes = Tensor.CheckedBytes(type.ElementType, dims);
        }
        catch (ModelException)
        {
            return null;
        }

        if (bytes > MaxInputBytes)
        {
            return null;
        }

        Tensor tensor = Tensor.Allocate(type.ElementType, dims);
        if (type.ElementType == DataType.String)
        {
            for (int i = 0; i < tensor.Strings.Length; i++)
            {
                tensor.Strings[i] = random.Next(3) switch { 0 => "", 1 => "word", _ => "12.5" };
            }
        }
        else if (type.ElementType.IsInteger() || type.ElementType == DataType.Bool)
        {
            Span<byte> data = tensor.Data.Span;
            int width = Math.Max(1, type.ElementType.Bits() / 8);
            bool wild = random.Next(4) == 0;
            for (int i = 0; i < data.Length; i++)
            {
                data[i] = wild ? (byte)random.Next(256) : i % width == 0 ? (byte)random.Next(type.ElementType == DataType.Bool ? 2 : 4) : (byte)0;
            }
        }
        else
        {
            double[] values = [.. Enumerable.Range(0, checked((int)tensor.Length)).Select(i => random.Next(40) == 0 ? double.NaN : (random.NextDouble() * 4) - 2)];
            if (type.ElementType.IsFloat())
            {
                ElementConversion.Store<double>(values, tensor);
            }
        }

        return tensor;
    }
}
