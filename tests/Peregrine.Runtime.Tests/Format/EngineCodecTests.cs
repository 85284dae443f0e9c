using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Format;

public sealed class EngineCodecTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_engine_with_everything_comes_back_from_file_and_memory()
    {
        EngineContent content = SampleEngines.Full();
        string path = Path.Combine(_folder, "sample.engine");
        List<double> shares = [];
        EngineCodec.Save(content, path, new Recorder(shares), TestContext.Current.CancellationToken);
        Assert.Equal(1.0, shares[^1]);
        using EngineFile file = EngineCodec.Open(path, SampleEngines.Catalog, BulkVerification.InBackground);
        EngineEquality.Same(content, file.Content);
        await file.Verification.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        using EngineFile memory = EngineCodec.Open(File.ReadAllBytes(path), SampleEngines.Catalog);
        EngineEquality.Same(content, memory.Content);
    }

    [Fact]
    public void Equal_content_gives_equal_bytes()
    {
        byte[] bytes = EngineCodec.ToArray(SampleEngines.Full());
        Assert.Equal(bytes, EngineCodec.ToArray(SampleEngines.Full()));
        using EngineFile read = EngineCodec.Open(bytes.ToArray(), SampleEngines.Catalog);
        Assert.Equal(bytes, EngineCodec.ToArray(read.Content));
    }

    [Fact]
    public void What_was_shared_is_shared_again()
    {
        using EngineFile file = EngineCodec.Open(EngineCodec.ToArray(SampleEngines.Full()), SampleEngines.Catalog);
        IReadOnlyList<Constant> constants = file.Content.Constants;
        Assert.Same(constants[0], constants[1].Derivation!.Inputs[0]);
        Assert.Same(constants[2], constants[1].Derivation!.Inputs[1]);
        // "w", its unsqueezed form and its twin have the same bytes; only one copy is in the file.
        constants[0].Data.Span<float>()[0] = 42;
        Assert.Equal(42, constants[1].Data.Span<float>()[0]);
        Assert.Equal(42, constants[6].Data.Span<float>()[0]);
        Graph outer = ((WithBody)((HostStep)file.Content.Plan.Steps[2]).Operator).Body;
        Graph inner = outer.Nodes.Select(n => n.Operator).OfType<WithBody>().Single().Body;
        Assert.Same(outer.Symbols, inner.Symbols);
        Assert.Same(outer.Edits, inner.Edits);
        Assert.Same(constants[0], inner.Constants.Single().Constant);
        Expr epilogue = ((KernelStep)file.Content.Plan.Steps[0]).Request.Epilogue!;
        Assert.Same(((BinaryExpr)epilogue).Right, ((BinaryExpr)((BinaryExpr)epilogue).Left).Right);
    }

    [Fact]
    public void Packed_weights_are_the_only_copy_where_they_can_be_unpacked()
    {
        EngineContent sample = SampleEngines.Full();
        using EngineFile file = EngineCodec.Open(EngineCodec.ToArray(sample), SampleEngines.Catalog);
        Assert.Equal(sample.Constants[7].Data, file.Content.Constants[7].Data);
        // Nothing but the packed form is there: unpacked weights follow it.
        file.Content.Packed[1].Data.Span.Clear();
        using EngineFile again = EngineCodec.Open(EngineCodec.ToArray(file.Content), SampleEngines.Catalog);
        Assert.All(again.Content.Constants[7].Data.Span<float>().ToArray(), w => Assert.Equal(0, w));
        // The other is a copy, which may be left out.
        using EngineFile plain = EngineCodec.Open(EngineCodec.ToArray(sample with { Packed = [] }), SampleEngines.Catalog);
        EngineEquality.Same(sample with { Packed = [] }, plain.Content);
    }

    [Fact]
    public void Packed_weights_of_constants_that_are_not_there_are_refused()
    {
        EngineContent sample = SampleEngines.Full();
        Assert.Throws<InternalCompilerException>(() => EngineCodec.ToArray(sample with { Packed = [sample.Packed[0] with { Constant = 8 }] }));
        Assert.Throws<InternalCompilerException>(() => EngineCodec.ToArray(sample with { Packed = [sample.Packed[1] with { Constant = 0 }] }));
    }

    [Fact]
    public void A_long_chain_of_derivations_is_saved_and_a_longer_one_refused()
    {
        EngineContent sample = SampleEngines.Full();
        Constant axes = new("axes", Tensor.Vector(0L)), last = new("c", Tensor.Scalar(1f));
        for (int i = 0; i < 2048; i++)
        {
            last = new("c", last.Data, new(new Unsqueeze(), [last, null, axes], 0));
        }

        using EngineFile file = EngineCodec.Open(EngineCodec.ToArray(sample with { Constants = [.. sample.Constants, last] }), SampleEngines.Catalog);
        Assert.Equal(sample.Constants.Count + 1, file.Content.Constants.Count);
        Constant tooLong = new("c", last.Data, new(new Relu(), [last], 0));
        Assert.Throws<EngineWriteException>(() => EngineCodec.ToArray(sample with { Constants = [.. sample.Constants, tooLong] }));
    }

    [Fact]
    public void An_operator_that_the_program_lacks_is_named()
    {
        byte[] bytes = EngineCodec.ToArray(SampleEngines.Full());
        string message = Assert.Throws<EngineFormatException>(() => EngineCodec.Open(bytes, OperatorCatalog.Standard)).Message;
        Assert.Contains("test.", message, StringComparison.Ordinal);
        Assert.Contains("module", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_reader_would_refuse_is_not_written()
    {
        EngineContent sample = SampleEngines.Full();
        Assert.Throws<InternalCompilerException>(() => EngineCodec.ToArray(sample with { Constants = [] }));
        Assert.Throws<EngineWriteException>(() => EngineCodec.ToArray(sample with { Constants = [.. sample.Constants, new("\uD800", Tensor.Scalar(1))] }));
        IrType deep = IrType.Unknown;
        for (int i = 0; i < 70; i++)
        {
            deep = new SequenceType(deep);
        }

        BufferSlot[] slots = [.. sample.Plan.Slots];
        slots[5] = slots[5] with { Type = deep };
        Assert.Throws<EngineWriteException>(() => EngineCodec.ToArray(sample with { Plan = new(sample.Plan.Name, slots, sample.Plan.Inputs, sample.Plan.Outputs, sample.Plan.Steps, sample.Plan.Shapes, sample.Plan.Symbols) }));
    }

    [Fact]
    public void Names_of_sources_are_optional()
    {
        EngineContainerWriter writer = new();
        using (EngineContainerReader reader = EngineContainerReader.Open(EngineCodec.ToArray(SampleEngines.Full())))
        {
            foreach (EngineSection section in reader.Sections.Where(s => s.Id != SectionId.Provenance))
            {
                writer.Add(section.Id, section.Traits, section.View(0, section.Length));
            }
        }

        using EngineFile file = EngineCodec.Open(writer.ToArray(), SampleEngines.Catalog);
        Assert.All(file.Content.Plan.AllSteps, s => Assert.Empty(s.Sources));
    }

    [Fact]
    public void Every_sample_of_an_earlier_format_loads()
    {
        // One sample per format version, never changed: engines must load for ever. PEREGRINE_UPDATE_GOLDEN=1 adds the missing one of the current version.
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Peregrine.slnx")))
        {
            root = root.Parent;
        }

        Assert.SkipWhen(root is null, "The repository with the samples is not above the tests' folder.");
        string folder = Path.Combine(root!.FullName, "tests", "Peregrine.Runtime.Tests", "Golden");
        string current = Path.Combine(folder, $"version-{EngineFormat.Version}.engine");
        if (Environment.GetEnvironmentVariable("PEREGRINE_UPDATE_GOLDEN") == "1" && !File.Exists(current))
        {
            EngineCodec.Save(SampleEngines.Full(), current);
        }

        string[] samples = Directory.GetFiles(folder, "*.engine");
        Assert.SkipWhen(samples.Length == 0, "Format version 1 is not frozen yet: there is no sample.");
        foreach (string path in samples)
        {
            using EngineFile file = EngineCodec.Open(path, SampleEngines.Catalog);
            Assert.NotEmpty(file.Content.Plan.Steps);
            Assert.Null(PlanValidator.Problem(file.Content));
        }
    }

    private sealed class Recorder(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }
}
