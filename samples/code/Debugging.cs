using Peregrine;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Samples;

/// <summary>Finding out where a wrong result comes from.</summary>
public static class Debugging
{
    /// <returns>Every value of the model by name, computed by the reference interpreter.</returns>
    public static Dictionary<string, Tensor> ReferenceValues(string modelPath, Tensor image)
    {
        // <reference-values>
        Graph graph = OnnxModel.Load(modelPath).Import();
        Dictionary<string, Tensor> values = [];
        Interpreter.Run(graph, [image], (value, result) =>
        {
            if (result is Tensor tensor)
            {
                values[value.Name] = tensor.Clone();
            }
        });
        // </reference-values>
        return values;
    }

    /// <returns>The number of the first patch that makes <paramref name="isRight"/> fail; null if none does.</returns>
    public static int? FirstWrongPatch(string modelPath, int patches, Func<Engine, bool> isRight)
    {
        // <bisect>
        bool IsRightAfter(int count)
        {
            using Engine engine = new EngineBuilder().StopAfterPatch(count).Build(OnnxModel.Load(modelPath));
            return isRight(engine);
        }

        if (IsRightAfter(patches))
        {
            return null;
        }

        int right = 0, wrong = patches;
        while (wrong - right > 1)
        {
            int middle = (right + wrong) / 2;
            (right, wrong) = IsRightAfter(middle) ? (middle, wrong) : (right, middle);
        }

        return wrong;
        // </bisect>
    }
}
