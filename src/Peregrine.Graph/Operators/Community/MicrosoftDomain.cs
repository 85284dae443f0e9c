namespace Peregrine.Operators;

/// <summary>The domain in which ONNX Runtime's own operators stand; its optimizer and several exporters write them into models.</summary>
internal static class MicrosoftDomain
{
    public const string Name = "com.microsoft";

    /// <summary>The declaration of one of its operators.</summary>
    public static ForeignSchema Declare(string name, ForeignRule rule) => new(name, Name, rule);
}
