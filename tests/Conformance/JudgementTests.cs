using Peregrine;
using Peregrine.Conformance;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Conformance;

/// <summary>The judge is judged: right results pass, wrong ones fail with the worst element, exceptions count as what they are.</summary>
public sealed class JudgementTests
{
    private static readonly Tensor Expected = Tensor.Vector(1f, 2f, 0f);

    [Theory]
    [InlineData(1f, 2.0019f, 0f, ConformanceOutcome.Passed)]
    [InlineData(1f, 2.0021f, 0f, ConformanceOutcome.Failed)]
    [InlineData(1f, 2f, 1.9e-6f, ConformanceOutcome.Passed)]
    [InlineData(1f, 2f, 2.1e-6f, ConformanceOutcome.Failed)]
    [InlineData(1f, float.NaN, 0f, ConformanceOutcome.Failed)]
    public void Results_are_compared(float a, float b, float c, ConformanceOutcome outcome)
    {
        ConformanceResult result = Judge(_ => Tensor.Vector(a, b, c));
        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(outcome == ConformanceOutcome.Passed, result.Reason.Length == 0);
    }

    [Fact]
    public void The_worst_element_is_named() => Assert.Contains("worst at [1]: 9 instead of 2", Judge(_ => Tensor.Vector(1.5f, 9f, 0f)).Reason, StringComparison.Ordinal);

    [Fact]
    public void Another_shape_or_kind_fails()
    {
        Assert.Equal(ConformanceOutcome.Failed, Judge(_ => Tensor.Vector(1f, 2f)).Outcome);
        Assert.Equal(ConformanceOutcome.Failed, Judge(_ => TensorSequence.Empty).Outcome);
        Assert.Equal(ConformanceOutcome.Failed, Judge(_ => null).Outcome);
    }

    [Fact]
    public void Diagnostics_are_failures_and_other_exceptions_are_crashes()
    {
        Assert.Equal(ConformanceOutcome.Failed, Judge(_ => throw new Peregrine.Diagnostics.BindingException("no")).Outcome);
        ConformanceResult crash = Judge(_ => throw new InvalidOperationException("oops"));
        Assert.Equal(ConformanceOutcome.Crashed, crash.Outcome);
        Assert.Contains("InvalidOperationException: oops", crash.ToString(), StringComparison.Ordinal);
        Assert.Equal("0 passed, 1 failed, 0 skipped", new ConformanceReport([crash]).Summary);
    }

    private static ConformanceResult Judge(Func<IReadOnlyList<object?>, object?> run)
    {
        string folder = Directory.CreateTempSubdirectory("peregrine-case-").FullName;
        try
        {
            OnnxTypeProto type = new() { Kind = OnnxTypeKind.Tensor, ElementType = DataType.Float32, Shape = new() { Dims = [new() { Value = 3 }] } };
            OnnxModelProto model = new()
            {
                IrVersion = 10,
                OperatorSets = [new() { Version = 21 }],
                Graph = new() { Name = "g", Inputs = [new() { Name = "x", Type = type }], Outputs = [new() { Name = "y", Type = type }], Nodes = [new() { OperatorType = "Relu", Inputs = ["x"], Outputs = ["y"] }] },
            };
            string set = Directory.CreateDirectory(Path.Combine(folder, "test_data_set_0")).FullName;
            OnnxFile.Save(Path.Combine(folder, "model.onnx"), model);
            OnnxValueFile.Write(Path.Combine(set, "input_0.pb"), Expected);
            OnnxValueFile.Write(Path.Combine(set, "output_0.pb"), Expected);
            return new ConformanceRunner(_ => new Engine(run)).Run(Assert.Single(ConformanceCase.Find([folder])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Engine(Func<IReadOnlyList<object?>, object?> run) : IConformanceEngine
    {
        public IReadOnlyList<object?> Run(IReadOnlyList<object?> inputs, CancellationToken cancellation) => [run(inputs)];

        public void Dispose()
        {
        }
    }
}
