namespace Peregrine.Graph.Tests.Operators;

using Peregrine.Operators;

public sealed class CatalogEntryTests
{
    [Fact]
    public void Families_call_operators_as_their_schemas_do() =>
        Assert.All(OperatorCatalog.Standard.Entries, e => Assert.Equal((e.Schema.Domain, e.Schema.Name), e.Key));

    [Fact]
    public void An_operator_is_not_registered_twice()
    {
        OperatorCatalog catalog = OperatorCatalog.Standard.Clone();
        Assert.Contains("Add is registered twice", Assert.Throws<ArgumentException>(() => catalog.Add(Add.Schema)).Message, StringComparison.Ordinal);
        Assert.Same(Add.Schema, catalog.Find("ai.onnx", "Add"));
        Assert.Null(catalog.FindForeign("", "Add"));
        Assert.NotNull(catalog.FindForeign("com.microsoft", "BiasGelu"));
        Assert.Null(catalog.Find("com.microsoft", "BiasGelu"));
    }
}
