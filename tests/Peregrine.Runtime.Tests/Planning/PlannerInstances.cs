using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Tests.Planning;

/// <summary>Seeded planning problems.</summary>
internal static class PlannerInstances
{
    /// <summary>Anything goes: sizes over four orders of magnitude, lifetimes short and long, in-place claims, large alignments, empty buffers.</summary>
    public static BufferRequest[] Random(int seed)
    {
        Random random = new(seed);
        int count = random.Next(1, 80);
        int steps = random.Next(1, 60);
        BufferRequest[] requests = new BufferRequest[count];
        for (int i = 0; i < count; i++)
        {
            long size = random.Next(20) == 0 ? 0 : (long)Math.Exp(random.NextDouble() * 12);
            int alignment = random.Next(15) == 0 ? 4096 : 1 << random.Next(8);
            int replaced = i > 0 && random.Next(3) == 0 ? random.Next(i) : -1;
            int first = replaced >= 0 ? requests[replaced].LastStep : random.Next(steps);
            int last = Math.Min(first + (random.Next(4) == 0 ? random.Next(steps) : random.Next(4)), 2 * steps);
            requests[i] = new BufferRequest(size, alignment, first, last, replaced);
        }

        return requests;
    }

    /// <summary>Layers that read one to three of the latest results, like a network with skip connections; scratch and in-place steps included.</summary>
    public static BufferRequest[] Network(int seed, int layers)
    {
        Random random = new(seed);
        List<(long Size, int First, int Last, int InPlaceOf)> buffers = [(150_528, 0, 0, -1)];
        List<int> results = [0];
        for (int step = 1; step < layers; step++)
        {
            int inputs = 1 + (random.Next(3) == 0 ? 1 : 0) + (random.Next(8) == 0 ? 1 : 0);
            for (int k = 0; k < inputs; k++)
            {
                int reach = k == 0 ? 1 : random.Next(1, 12);
                int source = results[^Math.Min(reach, results.Count)];
                buffers[source] = buffers[source] with { Last = step };
            }

            int latest = results[^1];
            bool inPlace = random.Next(4) == 0 && buffers[latest].Last == step;
            long size = inPlace ? buffers[latest].Size : 1024L * (1 + random.Next(1 + random.Next(3200)));
            results.Add(buffers.Count);
            buffers.Add((size, step, step, inPlace ? latest : -1));
            if (random.Next(5) == 0)
            {
                buffers.Add((1024L * random.Next(1, 500), step, step, -1));
            }
        }

        // A buffer that turned out to live on cannot be overwritten.
        return [.. buffers.Select(b => new BufferRequest(b.Size, 64, b.First, b.Last, b.InPlaceOf >= 0 && buffers[b.InPlaceOf].Last == b.First ? b.InPlaceOf : -1))];
    }
}
