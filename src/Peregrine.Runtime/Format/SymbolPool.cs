using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>Numbers the symbols of all plans of an engine while it is written; the section holds them and the optimization profiles.</summary>
internal sealed class SymbolPool(ConstantPool constants)
{
    private readonly StructureWriter _symbols = new(constants);
    private readonly Dictionary<Symbol, int> _numbers = [];

    public int Number(Symbol symbol)
    {
        if (!_numbers.TryGetValue(symbol, out int number))
        {
            number = _numbers.Count;
            _numbers.Add(symbol, number);
            _symbols.Symbol(symbol);
        }

        return number;
    }

    public ReadOnlyMemory<byte> Finish(IReadOnlyList<OptimizationProfile> profiles)
    {
        StructureWriter section = new(constants);
        section.Bytes.WriteCount(_numbers.Count);
        section.Bytes.WriteBytes(_symbols.Bytes.Content.Span);
        section.Bytes.WriteCount(profiles.Count);
        foreach (OptimizationProfile profile in profiles)
        {
            section.Text(profile.Name);
            section.Bytes.WriteCount(profile.Inputs.Count);
            foreach (ProfileInput input in profile.Inputs)
            {
                section.Text(input.Input);
                section.Bytes.WriteSignedList(input.Min.AsSpan());
                section.Bytes.WriteSignedList(input.Opt.AsSpan());
                section.Bytes.WriteSignedList(input.Max.AsSpan());
            }
        }

        return section.Bytes.Content;
    }

    public static (Symbol[] Symbols, OptimizationProfile[] Profiles) Read(BinarySectionReader section, StructureContext context)
    {
        StructureReader r = new(section, context);
        int count = section.ReadCount(1);
        StructureReader inner = new(new(section.ReadBytes(), EngineSection.NameOf(SectionId.Symbols)), context);
        List<Symbol> symbols = [];
        for (int i = 0; i < count; i++)
        {
            symbols.Add(inner.Symbol());
        }

        inner.Bytes.ExpectEnd();
        OptimizationProfile[] profiles = new OptimizationProfile[section.ReadCount(2)];
        for (int i = 0; i < profiles.Length; i++)
        {
            string name = r.Text();
            ProfileInput[] inputs = new ProfileInput[section.ReadCount(4)];
            for (int k = 0; k < inputs.Length; k++)
            {
                inputs[k] = new(r.Text(), Ints.From(section.ReadSignedList()), Ints.From(section.ReadSignedList()), Ints.From(section.ReadSignedList()));
            }

            profiles[i] = new(name, ValueList.From(inputs));
        }

        section.ExpectEnd();
        return ([.. symbols], profiles);
    }
}
