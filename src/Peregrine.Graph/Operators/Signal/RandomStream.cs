namespace Peregrine.Operators;

/// <summary>
/// Random numbers from a counter: SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014). The same seed gives the same numbers
/// on every machine; a node without a seed takes one from its name, so that its neighbours differ and runs repeat.
/// </summary>
internal struct RandomStream
{
    private ulong _state;

    public RandomStream(float? seed, string nodeName)
    {
        _state = 14695981039346656037;
        foreach (char letter in seed is null ? nodeName : "")
        {
            // FNV-1a, as string hash codes differ from process to process.
            _state = (_state ^ letter) * 1099511628211;
        }

        if (seed is { } given)
        {
            _state = BitConverter.SingleToUInt32Bits(given);
        }
    }

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1), with 53 bits.</summary>
    public double NextUniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box and Muller).</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextUniform()));
        return radius * Math.Cos(2 * Math.PI * NextUniform());
    }
}
