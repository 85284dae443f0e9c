using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Peregrine.Tensors;

namespace Peregrine.Cli;

/// <summary>JSON as the commands write it: keys in snake_case, absent facts as null, infinities as words.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Writes a file, whole or not at all; "-" is the standard output.</summary>
    public static void Write<T>(string path, T value, Session session)
    {
        if (path == "-")
        {
            session.Write(ToJson(value));
        }
        else
        {
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, value, Options));
        }
    }
}
