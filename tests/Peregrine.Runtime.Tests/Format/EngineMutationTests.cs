using Peregrine.Diagnostics;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Tests.Format;

public sealed class EngineMutationTests
{
    /// <summary>The hashes are right in every one of these files, so it is the content's decoder that has to stand.</summary>
    [Fact]
    public void Mutated_sections_under_sound_hashes_give_typed_errors_or_a_consistent_engine()
    {
        byte[] sound = EngineCodec.ToArray(SampleEngines.Full());
        List<(SectionId Id, SectionTraits Traits, byte[] Content)> sections = [];
        using (EngineContainerReader reader = EngineContainerReader.Open(sound))
        {
            sections.AddRange(reader.Sections.Select(s => (s.Id, s.Traits, s.View(0, s.Length).ToArray())));
        }

        int opened = 0;
        HashSet<string> complaints = new(StringComparer.Ordinal);
        for (int seed = 0; seed < 4000; seed++)
        {
            Random random = new(seed);
            int victim = random.Next(sections.Count);
            EngineContainerWriter writer = new();
            for (int i = 0; i < sections.Count; i++)
            {
                writer.Add(sections[i].Id, sections[i].Traits, i == victim ? Mutate(sections[i].Content, random) : sections[i].Content);
            }

            byte[] file = writer.ToArray();
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using EngineFile engine = EngineCodec.Open(file, SampleEngines.Catalog);
                Assert.Null(PlanValidator.Problem(engine.Content));
                opened++;
            }
            catch (EngineFormatException problem)
            {
                complaints.Add(new string([.. problem.Message.Where(c => !char.IsAsciiDigit(c))]));
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
        }

        // Names and numbers may change without harm; most other changes must be noticed, in many different ways.
        Assert.InRange(opened, 1, 2500);
        Assert.True(complaints.Count > 100, $"only {complaints.Count} different complaints");
    }

    private static byte[] Mutate(byte[] content, Random random)
    {
        List<byte> bytes = [.. content];
        for (int change = random.Next(1, 4); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)(bytes[at] + (random.Next(2) == 0 ? 1 : -1));
                    break;
                case 2:
                    bytes.RemoveAt(at);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count), 1));
                    break;
                case 4:
                    // A number with all of its 64 bits set.
                    bytes.RemoveAt(at);
                    bytes.InsertRange(at, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]);
                    break;
                default:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
            }
        }

        return [.. bytes];
    }
}
