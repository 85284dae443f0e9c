using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Peregrine.Tensors;

namespace Peregrine.Cli;

/// <summary>JSON as the commands write it: keys in snake_case, absent facts as null, infinities as words.</summary>
internal static class Report
{
    private static readonly ReportContext Context = new(new JsonSerializerOptions(ReportContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <param name="value">Of one of the types that <see cref="ReportContext"/> names.</param>
    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, TypeOf<T>());

    /// <summary>Writes a file, whole or not at all; "-" is the standard output.</summary>
    public static void Write<T>(string path, T value, Session session)
    {
        if (path == "-")
        {
            session.Write(ToJson(value));
        }
        else
        {
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, value, TypeOf<T>()));
        }
    }

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>?)Context.GetTypeInfo(typeof(T)) ?? throw new InvalidOperationException($"ReportContext does not name {typeof(T)}.");
}
