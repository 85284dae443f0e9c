using Peregrine.Operators;
using Peregrine.TestKit;

namespace Architecture;

/// <summary>What every schema must be, whoever wrote it.</summary>
public sealed class OperatorCatalogTests
{
    private static readonly string[] Replaced = ["Scatter"];

    public static TheoryData<string> Names => [.. OperatorCatalog.Standard.Schemas.Select(s => s.FullName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Attributes_come_back_through_the_schema(string name)
    {
        OperatorSchema schema = Schema(name);
        foreach (Operator op in (Operator[])[OperatorSamples.Plain(schema), OperatorSamples.Full(schema)])
        {
            // A name that newer opsets dropped makes the operator of the newer name.
            Assert.True(op.Definition == schema || Replaced.Contains(name), $"{name} makes {op.Definition.FullName}.");
            Assert.Same(op.Definition, OperatorCatalog.Standard.Find(op.Definition.Domain, op.Definition.Name));
            Operator? again = op.Definition.TryCreate(op.Definition.Describe(op), new(), "test");
            Assert.NotNull(again);
            Assert.Equal(op.ToString(), again.ToString());
            // Bodies are compared by identity, tensors by content: describing hands the same ones on.
            Assert.Equal(op, again);
            Assert.Equal(op.GetHashCode(), again.GetHashCode());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_attribute_counts(string name)
    {
        OperatorSchema schema = Schema(name);
        AttributeBag full = schema.Describe(OperatorSamples.Full(schema));
        Assert.Empty(schema.Attributes.Select(a => a.Name).Except(full.Names).Select(a => $"{name} loses {a}."));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Formals_and_bindings_are_sound(string name)
    {
        OperatorSchema schema = Schema(name);
        Assert.NotEmpty(schema.OutputFormals);
        foreach (IReadOnlyList<Formal> formals in (IReadOnlyList<Formal>[])[schema.InputFormals, schema.OutputFormals])
        {
            Assert.Equal(formals.Count, formals.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count());
            Assert.DoesNotContain(formals.SkipLast(1), f => f.IsVariadic);
        }

        Assert.Equal(schema.Attributes.Count, schema.Attributes.Select(a => a.Name).Distinct(StringComparer.Ordinal).Count());
        ImportBinding[] bindings = [.. schema.Bindings.OrderBy(b => b.FromOpset)];
        Assert.All(bindings, b => Assert.InRange(b.FromOpset, 1, b.ToOpset));
        Assert.All(bindings.Zip(bindings.Skip(1)), p => Assert.True(p.First.ToOpset < p.Second.FromOpset, $"{name}: bindings overlap at opset {p.Second.FromOpset}."));
    }

    [Fact]
    public void Families_are_registered_in_alphabetical_order()
    {
        List<string> problems = [];
        foreach (string file in Repository.Files("src/Peregrine.Graph/Operators", "*Family.cs"))
        {
            string[] registered = [.. File.ReadLines(file).Select(l => l.Trim()).Where(l => l.Contains(".Schema", StringComparison.Ordinal)).Select(l => l.Split(".Schema")[0].Split(' ')[^1])];
            Assert.NotEmpty(registered);
            problems.AddRange(registered.Zip(registered.Order(StringComparer.OrdinalIgnoreCase)).Where(p => p.First != p.Second).Take(1).Select(p => $"{Path.GetFileName(file)}: {p.First} stands where {p.Second} should."));
        }

        Assert.Empty(problems);
    }

    [Fact]
    public void Every_operator_is_registered()
    {
        HashSet<Type> registered = [.. OperatorCatalog.Standard.Schemas.Select(s => OperatorSamples.Plain(s).GetType())];
        Assert.Empty(typeof(Operator).Assembly.GetTypes().Where(t => t.IsPublic && t.IsSubclassOf(typeof(Operator)) && !t.IsAbstract && !registered.Contains(t)).Select(t => t.Name));
    }

    private static OperatorSchema Schema(string name) => OperatorCatalog.Standard.Schemas.Single(s => s.FullName == name);
}
