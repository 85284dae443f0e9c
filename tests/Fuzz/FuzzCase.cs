using Peregrine;
using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Runtime.Format;

namespace Fuzz;

/// <summary>Which reader a case attacks.</summary>
internal enum FuzzKind
{
    Onnx,
    Engine,
}

/// <summary>A hostile file, decided by its seed alone (and the material in <see cref="Corpus"/>).</summary>
internal sealed record FuzzCase(FuzzKind Kind, int Seed, byte[] File, string Description)
{
    private const int MaxBytes = 512 << 10;

    private static readonly Dictionary<int, byte[]?> Engines = [];

    public static FuzzCase Make(FuzzKind kind, int seed)
    {
        Random random = new(unchecked((seed * 2) + (int)kind));
        return kind == FuzzKind.Onnx ? MakeModel(seed, random) : MakeEngine(seed, random);
    }

    public override string ToString() => $"{Kind} seed {Seed} ({Description})";

    private static FuzzCase MakeModel(int seed, Random random)
    {
        int item = Corpus.Pick(random);
        if (random.Next(3) == 0)
        {
            return new(FuzzKind.Onnx, seed, ByteMutator.Mutate(Corpus.Bytes(item), random, () => Corpus.Bytes(Corpus.Pick(random))), $"{Corpus.Name(item)}: bytes");
        }

        OnnxModelProto model = Read(item);
        string done = new ModelMutator(model, random, () => Read(Corpus.Pick(random))).Mutate();
        byte[] file;
        try
        {
            file = ProtobufWriter.ToBytes(model);
        }
        catch (ModelException)
        {
            // Too deep to be written: the sound file takes its place.
            file = Corpus.Bytes(item);
        }

        if (file.Length > MaxBytes)
        {
            // Nested bodies double a file at every level; a large file is slow without being hostile.
            file = file[..MaxBytes];
        }

        return new(FuzzKind.Onnx, seed, random.Next(8) == 0 ? ByteMutator.Mutate(file, random, () => Corpus.Bytes(item)) : file, $"{Corpus.Name(item)}: {done}");
    }

    private static FuzzCase MakeEngine(int seed, Random random)
    {
        int item = Corpus.Pick(random);
        byte[] sound = EngineOf(item) ?? EngineOf(item = 0)!;
        if (random.Next(4) == 0)
        {
            return new(FuzzKind.Engine, seed, ByteMutator.Mutate(sound, random, () => EngineOf(Corpus.Pick(random)) ?? sound), $"{Corpus.Name(item)}: bytes under wrong hashes");
        }

        using EngineContainerReader reader = EngineContainerReader.Open(sound);
        EngineSection[] sections = [.. reader.Sections];
        int victim = random.Next(sections.Length), index = 0;
        EngineContainerWriter writer = new();
        foreach (EngineSection section in sections)
        {
            byte[] content = section.View(0, section.Length).ToArray();
            writer.Add(section.Id, section.Traits, index++ == victim ? ByteMutator.Mutate(content, random, () => EngineOf(Corpus.Pick(random)) ?? sound) : content);
        }

        return new(FuzzKind.Engine, seed, writer.ToArray(), $"{Corpus.Name(item)}: section {sections[victim].Id} under sound hashes");
    }

    private static OnnxModelProto Read(int item) => OnnxModel.Load(Corpus.Bytes(item)).Proto;

    /// <summary>The engine of a corpus item; null if none can be built of it.</summary>
    private static byte[]? EngineOf(int item)
    {
        if (!Engines.TryGetValue(item, out byte[]? file))
        {
            try
            {
                using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 1).Level(0).Build(OnnxModel.Load(Corpus.Bytes(item)));
                file = EngineCodec.ToArray(engine.Content);
            }
            catch (PeregrineException)
            {
                file = null;
            }

            Engines[item] = file;
        }

        return file;
    }
}
