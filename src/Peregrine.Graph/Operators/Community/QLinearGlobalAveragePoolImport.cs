namespace Peregrine.Operators;

/// <summary>GlobalAveragePool of a quantised image, quantised; the channels may be last.</summary>
internal static class QLinearGlobalAveragePoolImport
{
    public static readonly ForeignSchema Schema = QLinearAveragePoolImport.Pool("QLinearGlobalAveragePool", _ => new GlobalAveragePool());
}
