namespace Peregrine.Operators;

/// <summary>A line of a family's list: the names of an operator, and where its schema comes from once somebody wants it. A program that loads an engine needs a dozen of them.</summary>
/// <param name="name">As in the schema; a test compares them.</param>
/// <param name="schema">Returns the schema that the operator's file declares.</param>
/// <param name="domain">As in the schema.</param>
internal sealed class CatalogEntry(string name, Func<OperatorSchema> schema, string domain = "")
{
    private OperatorSchema? _schema;

    public (string Domain, string Name) Key => (domain, name);

    // Workers may come here at the same time; all get the same object from its declaration.
    public OperatorSchema Schema => _schema ??= schema();
}
