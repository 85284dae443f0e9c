namespace Peregrine.Symbolics;

/// <summary>What is known of one symbol.</summary>
/// <param name="Name">Unique in its table.</param>
/// <param name="Min">Smallest value, at least 0.</param>
/// <param name="Max">Largest value; <see cref="long.MaxValue"/> where nothing bounds it.</param>
/// <param name="IsDataDependent">Whether a step of the model binds it while it runs (NonZero, NonMaxSuppression, …), not the caller's input shapes.</param>
/// <param name="Bound">An upper bound of a data-dependent symbol in terms of other symbols; null where there is none.</param>
public sealed record Symbol(string Name, long Min, long Max, bool IsDataDependent, Dim? Bound = null)
{
    public override string ToString() => $"{Name} in [{Min},{(Max == long.MaxValue ? "∞" : Max)}]{(IsDataDependent ? " (data-dependent)" : "")}";
}

/// <summary>The symbols of a graph and of its subgraphs, with their ranges.</summary>
public sealed class SymbolTable
{
    private readonly SortedDictionary<string, Symbol> _symbols = new(StringComparer.Ordinal);
    private readonly List<string> _freshNames = [];
    private int _fresh;

    /// <summary>Every symbol that <see cref="Fresh"/> ever made, in order.</summary>
    internal IReadOnlyList<string> FreshNames => _freshNames;

    /// <summary>All symbols in ordinal order of their names.</summary>
    public IReadOnlyCollection<Symbol> Symbols => _symbols.Values;

    public Symbol? Find(string name) => _symbols.GetValueOrDefault(name);

    /// <summary>Adds the symbol, or narrows the range of one that exists.</summary>
    public Dim Define(string name, long min = 0, long max = long.MaxValue, bool dataDependent = false)
    {
        _symbols[name] = _symbols.TryGetValue(name, out Symbol? known)
            ? known with { Min = Math.Max(known.Min, min), Max = Math.Min(known.Max, max) }
            : new(name, min, max, dataDependent);
        return Dim.Symbol(name);
    }

    /// <summary>Takes over a symbol of another table as it is; false if the name is taken.</summary>
    internal bool TryAdd(Symbol symbol) => _symbols.TryAdd(symbol.Name, symbol);

    /// <summary>Gives an existing symbol exactly this range: an optimization profile replaces what the model says.</summary>
    public void SetRange(string name, long min, long max) => _symbols[name] = (_symbols.GetValueOrDefault(name) ?? new(name, 0, long.MaxValue, false)) with { Min = min, Max = max };

    /// <summary>A new data-dependent symbol of at most <paramref name="upperBound"/>; an unbounded one (null) lies outside the arena when it runs.</summary>
    public Dim Fresh(Dim? upperBound)
    {
        string name;
        do
        {
            name = $"u{_fresh++}";
        }
        while (_symbols.ContainsKey(name));
        _freshNames.Add(name);
        Define(name, 0, upperBound is { } bound ? Math.Max(0, RangeOf(bound).Max) : long.MaxValue, dataDependent: true);
        _symbols[name] = _symbols[name] with { Bound = upperBound };
        return Dim.Symbol(name);
    }

    internal void SetBound(string name, Dim bound) => _symbols[name] = _symbols[name] with { Bound = bound };

    /// <summary>Drops a symbol that nothing mentions.</summary>
    internal void Forget(string name) => _symbols.Remove(name);

    /// <summary>The range of an expression over this table's symbols.</summary>
    public (long Min, long Max) RangeOf(Dim dim) => dim.Range(name => _symbols.TryGetValue(name, out Symbol? symbol) ? (symbol.Min, symbol.Max) : (0, long.MaxValue));
}
