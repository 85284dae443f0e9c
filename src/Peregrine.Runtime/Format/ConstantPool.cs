using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Numbers the constants of an engine while it is written: those of the plan, those inside graphs, and those from which others are derived. A constant stands behind all
/// constants that its derivation mentions, so that a reader meets no reference forward and derivations cannot be circular.
/// </summary>
internal sealed class ConstantPool
{
    /// <summary>Derivations may be chained this deep; whoever follows them may recurse.</summary>
    public const int MaximumDerivationDepth = 2048;

    private readonly Dictionary<Constant, (int Number, int Depth)> _numbers = new(ReferenceEqualityComparer.Instance);
    private readonly StructureWriter _records;

    public ConstantPool() => _records = new(this);

    public TensorPool Tensors { get; } = new();

    public int Number(Constant constant)
    {
        if (_numbers.TryGetValue(constant, out (int Number, int Depth) known))
        {
            return known.Number;
        }

        // A stack of our own: folding makes chains longer than the thread's stack should bear.
        Stack<(Constant Constant, IEnumerator<Constant> Sources)> open = new();
        open.Push((constant, SourcesOf(constant).GetEnumerator()));
        while (open.TryPeek(out (Constant Constant, IEnumerator<Constant> Sources) top))
        {
            if (top.Sources.MoveNext())
            {
                Constant source = top.Sources.Current;
                if (!_numbers.ContainsKey(source))
                {
                    open.Push((source, SourcesOf(source).GetEnumerator()));
                }
            }
            else
            {
                open.Pop();
                if (!_numbers.ContainsKey(top.Constant))
                {
                    WriteRecord(top.Constant);
                }
            }
        }

        return _numbers[constant].Number;
    }

    /// <summary>The content of the constants section. <paramref name="planConstants"/> are the plan's constants by their number in the plan.</summary>
    public ReadOnlyMemory<byte> Finish(IReadOnlyList<Constant> planConstants)
    {
        int[] numbers = [.. planConstants.Select(Number)];
        BinarySectionWriter section = new();
        Tensors.WriteDirectory(section);
        section.WriteBytes(_records.Bytes.Content.Span);
        section.WriteCount(numbers.Length);
        foreach (int number in numbers)
        {
            section.WriteUnsigned((ulong)number);
        }

        return section.Content;
    }

    /// <summary>Reads what <see cref="Finish"/> made: puts all constants into <paramref name="context"/> and returns the plan's.</summary>
    public static Constant[] Read(BinarySectionReader section, EngineSection weights, IReadOnlyList<PackedWeight> packed, StructureContext context)
    {
        context.Tensors = TensorTable.Read(section, weights, packed);
        StructureReader records = new(new(section.ReadBytes(), EngineSection.NameOf(SectionId.Constants)), context);
        Dictionary<Constant, int> depths = new(ReferenceEqualityComparer.Instance);
        while (records.Bytes.Remaining > 0)
        {
            (Constant constant, int depth) = ReadRecord(records, depths);
            context.Constants.Add(constant);
            depths.Add(constant, depth);
        }

        Constant[] plan = new Constant[section.ReadCount(1)];
        for (int i = 0; i < plan.Length; i++)
        {
            plan[i] = context.Constants[section.ReadIndex(context.Constants.Count, "a constant")];
        }

        section.ExpectEnd();
        return plan;
    }

    private void WriteRecord(Constant constant)
    {
        int depth = 0;
        if (constant.Derivation is { } derivation)
        {
            depth = 1 + SourcesOf(constant).Select(c => _numbers[c].Depth).DefaultIfEmpty().Max();
            if (depth > MaximumDerivationDepth)
            {
                throw new EngineWriteException($"The constant \"{constant.Name}\" is derived through more than {MaximumDerivationDepth} operators, more than an engine file holds.");
            }
        }

        _records.Text(constant.Name);
        _records.Tensor(constant.Data);
        _records.Bytes.WriteBoolean(constant.Derivation is not null);
        if (constant.Derivation is { } d)
        {
            OperatorCodec.Write(_records, d.Operator);
            _records.Bytes.WriteCount(d.Inputs.Count);
            foreach (Constant? input in d.Inputs)
            {
                _records.Bytes.WriteUnsigned(input is null ? 0 : (ulong)_numbers[input].Number + 1);
            }

            _records.Bytes.WriteUnsigned((ulong)d.OutputIndex);
        }

        _numbers.Add(constant, (_numbers.Count, depth));
    }

    private static (Constant Constant, int Depth) ReadRecord(StructureReader r, Dictionary<Constant, int> depths)
    {
        string name = r.Text();
        Tensor data = r.Tensor();
        if (!r.Bytes.ReadBoolean())
        {
            return (new(name, data), 0);
        }

        Operator op = OperatorCodec.Read(r);
        Constant?[] inputs = new Constant?[r.Bytes.ReadCount(1)];
        int depth = op is ISubgraphOperator s ? s.Subgraphs.SelectMany(ConstantsOf).Select(c => depths[c]).DefaultIfEmpty().Max() : 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            int reference = r.Bytes.ReadIndex(r.Context.Constants.Count + 1, "a constant of a derivation");
            inputs[i] = reference == 0 ? null : r.Context.Constants[reference - 1];
            depth = reference == 0 ? depth : Math.Max(depth, depths[inputs[i]!]);
        }

        if (depth + 1 > MaximumDerivationDepth)
        {
            throw r.Error($"a constant is derived through more than {MaximumDerivationDepth} operators");
        }

        return (new(name, data, new(op, inputs, r.Bytes.ReadIndex(ushort.MaxValue, "an output"))), depth + 1);
    }

    private static IEnumerable<Constant> SourcesOf(Constant constant) => constant.Derivation is { } d
        ? d.Inputs.OfType<Constant>().Concat(d.Operator is ISubgraphOperator s ? s.Subgraphs.SelectMany(ConstantsOf) : [])
        : [];

    private static IEnumerable<Constant> ConstantsOf(Graph graph) => graph.Constants.Select(v => v.Constant!)
        .Concat(graph.AllNodes.Where(n => n.Operator is ISubgraphOperator).SelectMany(n => ((ISubgraphOperator)n.Operator).Subgraphs).SelectMany(g => g.Constants).Select(v => v.Constant!));
}
