using System.Runtime.InteropServices;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What TfIdfVectorizer writes for an n-gram.</summary>
public enum TermWeighting
{
    /// <summary>How often it occurs.</summary>
    Frequency,
    /// <summary>Its weight if it occurs at all.</summary>
    Presence,
    /// <summary>How often it occurs, times its weight.</summary>
    WeightedFrequency,
}

/// <summary>
/// Counts known n-grams in each row of X ([C] or [N, C], int32, int64 or strings): Y is [max(ngram_indexes) + 1], or one such row per row of X. The items of an n-gram may stand up to
/// <paramref name="MostSkipped"/> items apart, always equally far. The pool holds all 1-grams, then all 2-grams and so on; <paramref name="Starts"/> says where each kind starts.
/// A weight belongs to the n-gram of the same number.
/// </summary>
public sealed record TfIdfVectorizer(long MinLength, long MaxLength, long MostSkipped, TermWeighting Mode, Ints Starts, Ints Places, Ints? Integers = null, Texts? Strings = null, Floats? Weights = null) : Operator
{
    public static readonly Schema<TfIdfVectorizer> Schema = new Schema<TfIdfVectorizer>(
        "TfIdfVectorizer",
        since: 9,
        a => new(a.Int("min_gram_length"), a.Int("max_gram_length"), a.Int("max_skip_count"), a.Choice<TermWeighting>("mode"), a.Ints("ngram_counts"), a.Ints("ngram_indexes"), a.OptionalInts("pool_int64s"), a.OptionalTexts("pool_strings"), a.OptionalFloats("weights")))
        .Inputs("X").Outputs("Y")
        .Int("min_gram_length", o => o.MinLength).Int("max_gram_length", o => o.MaxLength).Int("max_skip_count", o => o.MostSkipped)
        .Choice<TermWeighting>("mode", o => o.Mode, null, ("TF", TermWeighting.Frequency), ("IDF", TermWeighting.Presence), ("TFIDF", TermWeighting.WeightedFrequency))
        .Ints("ngram_counts", o => o.Starts).Ints("ngram_indexes", o => o.Places)
        .OptionalInts("pool_int64s", o => o.Integers).OptionalTexts("pool_strings", o => o.Strings).OptionalFloats("weights", o => o.Weights);

    public override OperatorSchema Definition => Schema;

    private int PoolSize => Integers is { Count: > 0 } integers ? integers.Count : Strings?.Count ?? 0;

    private long Width => Places.Count == 0 ? 0 : Places.Max() + 1;

    public override void Infer(InferenceScope c)
    {
        bool wantsText = Strings is { Count: > 0 };
        if (!(wantsText ? c.Require(0, DataType.String) : c.Require(0, DataType.Int32, DataType.Int64)))
        {
            return;
        }

        if (Problem() is { } problem)
        {
            c.Error("PG2172", problem);
            return;
        }

        if (c.IsRanked(0) && c.Shape(0).Rank is not (1 or 2))
        {
            c.Error("PG2170", $"the input is {c.Shape(0)}, but must be [C] or [N,C].");
            return;
        }

        c.Set(0, DataType.Float32, !c.IsRanked(0) ? Shape.Unranked : c.Shape(0).Rank == 1 ? Shape.Create([Width]) : Shape.Create([c.Shape(0)[0], Width]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        NgramTree tree = (NgramTree)(c.State ??= BuildTree());
        Tensor x = c.Input(0);
        int width = (int)Width, length = (int)x.Dims[^1], rows = x.Rank == 2 ? (int)x.Dims[0] : 1;
        Span<float> y = c.Write<float>(0);
        y.Clear();
        Span<int> items = c.Scratch<int>(x.Length);
        tree.Encode(x, items);
        Span<int> counts = c.Scratch<int>(Places.Count);
        for (int row = 0; row < rows; row++)
        {
            counts.Clear();
            Count(tree, items.Slice(row * length, length), counts);
            for (int gram = 0; gram < counts.Length; gram++)
            {
                float weight = Weights is { Count: > 0 } weights && Mode != TermWeighting.Frequency ? weights[gram] : 1;
                y[(row * width) + (int)Places[gram]] += weight * (Mode == TermWeighting.Presence ? Math.Min(counts[gram], 1) : counts[gram]);
            }
        }
    }

    private void Count(NgramTree tree, ReadOnlySpan<int> items, Span<int> counts)
    {
        for (long distance = 1; distance <= MostSkipped + 1 && (distance == 1 || distance < items.Length); distance++)
        {
            // A single item is no farther from itself at any distance: it counts once.
            long shortest = distance == 1 ? MinLength : Math.Max(MinLength, 2);
            for (int start = 0; start < items.Length; start++)
            {
                int node = 0;
                for (long n = 1, at = start; n <= MaxLength && at < items.Length && tree.TryStep(ref node, items[(int)at]); n++, at += distance)
                {
                    if (n >= shortest && tree.GramOf(node) is >= 0 and var gram)
                    {
                        counts[gram]++;
                    }
                }
            }
        }
    }

    private string? Problem()
    {
        if (Integers is { Count: > 0 } == Strings is { Count: > 0 })
        {
            return "exactly one of pool_int64s and pool_strings must be given.";
        }

        if (MinLength < 1 || MaxLength < MinLength || MostSkipped is < 0 or > int.MaxValue || MaxLength > Starts.Count)
        {
            return $"n-grams of {MinLength} to {MaxLength} items with {MostSkipped} skipped cannot be counted: ngram_counts names {Starts.Count} lengths.";
        }

        long grams = 0;
        for (int i = 0; i < Starts.Count; i++)
        {
            long end = i + 1 < Starts.Count ? Starts[i + 1] : PoolSize;
            if (Starts[i] < 0 || end < Starts[i] || end > PoolSize || (end - Starts[i]) % (i + 1) != 0)
            {
                return $"ngram_counts {Starts} does not cut the pool of {PoolSize} items into n-grams.";
            }

            grams += (end - Starts[i]) / (i + 1);
        }

        if (Places.Count != grams || Places.Any(p => p is < 0 or >= int.MaxValue))
        {
            return $"ngram_indexes holds {Places.Count} places, but the pool holds {grams} n-grams (and no place may be negative).";
        }

        return Weights is { Count: > 0 } weights && weights.Count != grams ? $"weights holds {weights.Count} numbers, but the pool holds {grams} n-grams." : null;
    }

    private NgramTree BuildTree()
    {
        NgramTree tree = new(Integers ?? Ints.Empty, Strings ?? Texts.Empty);
        int gram = 0;
        for (int i = 0; i < Starts.Count; i++)
        {
            int end = (int)(i + 1 < Starts.Count ? Starts[i + 1] : PoolSize);
            for (int start = (int)Starts[i]; start < end; start += i + 1)
            {
                tree.Add(start, i + 1, gram++);
            }
        }

        return tree;
    }

    /// <summary>The pool's n-grams as a prefix tree over numbered items.</summary>
    private sealed class NgramTree(Ints integers, Texts texts)
    {
        private readonly Dictionary<long, int> _integers = Number(integers);
        private readonly Dictionary<string, int> _texts = Number(texts);
        private readonly Dictionary<(int Node, int Item), int> _steps = [];
        private readonly List<int> _grams = [-1];

        public void Add(int start, int length, int gram)
        {
            int node = 0;
            for (int i = start; i < start + length; i++)
            {
                ref int next = ref CollectionsMarshal.GetValueRefOrAddDefault(_steps, (node, texts.Count > 0 ? _texts[texts[i]] : _integers[integers[i]]), out bool exists);
                if (!exists)
                {
                    next = _grams.Count;
                    _grams.Add(-1);
                }

                node = next;
            }

            _grams[node] = gram;
        }

        /// <summary>Numbers the items of a tensor; -1 for one that no n-gram has.</summary>
        public void Encode(Tensor x, Span<int> items)
        {
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = x.Type switch
                {
                    DataType.String => _texts.GetValueOrDefault(x.Strings[i], -1),
                    DataType.Int32 => _integers.GetValueOrDefault(x.Span<int>()[i], -1),
                    _ => _integers.GetValueOrDefault(x.Span<long>()[i], -1),
                };
            }
        }

        public bool TryStep(ref int node, int item) => _steps.TryGetValue((node, item), out int next) && (node = next) > 0;

        /// <summary>The number of the n-gram that ends here; -1 if none does.</summary>
        public int GramOf(int node) => _grams[node];

        private static Dictionary<T, int> Number<T>(IReadOnlyList<T> items) where T : notnull
        {
            Dictionary<T, int> numbers = [];
            foreach (T item in items)
            {
                numbers.TryAdd(item, numbers.Count);
            }

            return numbers;
        }
    }
}
