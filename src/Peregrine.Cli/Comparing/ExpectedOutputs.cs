using Peregrine.Cli.Inputs;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Cli.Comparing;

/// <summary>The values to compare with, and the inputs for which they hold.</summary>
/// <param name="Inputs">In the order of the model's inputs.</param>
/// <param name="Outputs">In the order of the model's outputs; null where nothing is expected.</param>
internal sealed record ExpectedOutputs(object[] Inputs, object?[] Outputs)
{
    /// <param name="against"><c>reference</c>, a folder (test data of ONNX, or NAME.npy per output as <c>run --output</c> writes them), or a .npy file for a model with one output.</param>
    /// <exception cref="PeregrineException">The file or folder does not fit the model.</exception>
    public static ExpectedOutputs Find(string against, OpenedEngine opened, InputRequest request, CancellationToken cancellation)
    {
        Engine engine = opened.Engine;
        if (against == "reference")
        {
            object[] inputs = request.Create(engine.Inputs, engine.Profiles is [var first, ..] ? first : null);
            Graph graph = (opened.Model ?? throw new UsageException("--against reference needs the ONNX model: the reference interprets it.")).Import(new() { Shapes = request.Shapes });
            return new(inputs, Interpreter.Run(graph, inputs, cancellation));
        }

        if (Directory.Exists(against))
        {
            return File.Exists(Path.Combine(against, "output_0.pb")) ? FromTestData(against, engine, request) : FromFolder(against, engine, request);
        }

        if (engine.Outputs.Count != 1)
        {
            throw new BindingException($"\"{against}\" is one file, but the model has {engine.Outputs.Count} outputs: {string.Join(", ", engine.Outputs.Select(o => $"\"{o.Name}\""))}. Give a folder with a file per output.");
        }

        return new(request.Create(engine.Inputs), [Read(against, engine.Outputs[0])]);
    }

    private static ExpectedOutputs FromTestData(string folder, Engine engine, InputRequest request)
    {
        OnnxTestData data = OnnxTestData.Read(folder, [.. engine.Inputs.Select(i => i.Type)], [.. engine.Outputs.Select(o => o.Type)]);
        return new([.. data.Inputs.Select((value, i) => value ?? request.Create([engine.Inputs[i]])[0])], [.. data.Outputs]);
    }

    private static ExpectedOutputs FromFolder(string folder, Engine engine, InputRequest request)
    {
        IReadOnlyList<string> names = OutputFiles.Names(engine.Outputs.Select(o => o.Name));
        object?[] outputs = [.. names.Select((name, i) => Path.Combine(folder, name) is var path && File.Exists(path) ? Read(path, engine.Outputs[i]) : null)];
        return outputs.All(o => o is null)
            ? throw new BindingException($"\"{folder}\" holds none of {string.Join(", ", names)}, and no output_0.pb.")
            : new(request.Create(engine.Inputs), outputs);
    }

    private static Tensor Read(string path, EngineBinding output)
    {
        Tensor tensor = NumpyFile.Read(path);
        return output.Type is TensorType type ? WiderForms.Narrow(tensor, type.ElementType) : tensor;
    }
}
