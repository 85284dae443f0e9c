using System.Collections;
using System.Reflection;
using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Onnx.Tests.Wire;

/// <summary>Every file of ONNX's own test cases, written by Google's protobuf library.</summary>
public sealed class SharedModelsTests
{
    [Fact]
    public void Every_model_is_read_and_written_without_loss()
    {
        List<string> models = Files("model.onnx");
        int identical = 0;
        foreach (string path in models)
        {
            OnnxFile file = OnnxFile.Open(path);
            OnnxModelProto model = file.ReadModel();
            byte[] written = ProtobufWriter.ToBytes(model);
            Assert.Equal(Describe(model, file), Describe(OnnxFile.Of(written, path, Path.GetDirectoryName(path)).ReadModel(), file));
            identical += written.AsSpan().SequenceEqual(File.ReadAllBytes(path)) ? 1 : 0;
        }

        // Files that give empty texts explicitly (ONNX's function bodies do) become shorter; all others must come out byte by byte.
        Assert.True(identical > models.Count * 7 / 10, $"{identical} of {models.Count} are written byte by byte as they were.");
    }

    [Fact]
    public void Every_value_of_test_data_is_read()
    {
        int values = 0;
        foreach (string model in Files("model.onnx"))
        {
            OnnxGraphProto graph = OnnxFile.Open(model).ReadModel().Graph!;
            foreach (string path in Directory.EnumerateFiles(Path.GetDirectoryName(model)!, "*.pb", SearchOption.AllDirectories))
            {
                string[] name = Path.GetFileNameWithoutExtension(path).Split('_');
                IReadOnlyList<OnnxValueInfoProto> list = name[0] == "input" ? graph.Inputs : graph.Outputs;
                OnnxTypeProto type = list[int.Parse(name[1], System.Globalization.CultureInfo.InvariantCulture)].Type!;
                OnnxFile file = OnnxFile.Open(path);
                switch (type.Kind)
                {
                    case OnnxTypeKind.Tensor:
                        Tensor tensor = file.ReadTensor();
                        Assert.Equal(type.ElementType, tensor.Type);
                        byte[] written = ProtobufWriter.ToBytes(TensorEncoder.Encode(tensor));
                        Assert.True(OnnxFile.Of(written).ReadTensor().Equals(tensor));
                        break;
                    case OnnxTypeKind.Sequence:
                        TensorSequence sequence = file.ReadSequence();
                        Assert.All(sequence.Items, i => Assert.Equal(type.Element!.ElementType, ((Tensor)i).Type));
                        break;
                    case OnnxTypeKind.Optional:
                        file.ReadOptional();
                        break;
                    default:
                        Assert.Fail($"{path}: {type}");
                        break;
                }

                values++;
            }
        }

        Assert.True(values > 1000);
    }

    [Fact]
    public void Trained_models_are_read_and_written_without_loss()
    {
        Assert.SkipWhen(SharedMaterial.NodeModules is null, SharedMaterial.NodeModulesAbsent);
        List<string> models = [.. Directory.EnumerateFiles(SharedMaterial.NodeModules, "*.onnx", SearchOption.AllDirectories)];
        Assert.NotEmpty(models);
        foreach (string path in models)
        {
            OnnxFile file = OnnxFile.Open(path);
            OnnxModelProto model = file.ReadModel();
            Assert.Equal(Describe(model, file), Describe(OnnxFile.Of(ProtobufWriter.ToBytes(model)).ReadModel(), file));
        }
    }

    [Fact]
    public void Damaged_models_end_in_diagnostics()
    {
        Random random = new(20);
        List<string> models = [.. Files("model.onnx").Where(p => new FileInfo(p).Length < 100_000)];
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = File.ReadAllBytes(models[random.Next(models.Count)]);
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            OnnxFile file = OnnxFile.Of(random.Next(4) == 0 ? bytes.AsMemory(0, random.Next(bytes.Length)) : bytes);
            try
            {
                Describe(file.ReadModel(), file);
            }
            catch (ModelException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 500, 1999);
    }

    private static List<string> Files(string name)
    {
        string? cases = SharedMaterial.SharedPath("onnx-cases");
        Assert.SkipWhen(cases is null, SharedMaterial.Absent);
        List<string> files = [.. Directory.EnumerateFiles(cases, name, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.True(files.Count > 1000);
        return files;
    }

    /// <summary>All public properties of a message and of those in it; tensors by their decoded elements.</summary>
    private static string Describe(object message, OnnxFile file)
    {
        System.Text.StringBuilder text = new();
        Describe(message, file, text);
        return text.ToString();
    }

    private static void Describe(object? value, OnnxFile file, System.Text.StringBuilder text)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case OnnxTensorProto tensor:
                Tensor decoded = file.Decoder.Decode(tensor);
                text.Append(tensor.Name).Append(decoded).Append(decoded.Type == DataType.String ? string.Join('|', decoded.Strings) : Hash(decoded.Data.Span));
                break;
            case OnnxTypeProto or IOnnxMessage:
                text.Append('{');
                foreach (PropertyInfo property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(p => p.Name, StringComparer.Ordinal))
                {
                    text.Append(property.Name).Append(':');
                    Describe(property.GetValue(value), file, text);
                }

                text.Append('}');
                break;
            case ReadOnlyMemory<byte> bytes:
                text.Append(Convert.ToHexString(bytes.Span));
                break;
            case string or Ints or Floats or Texts or ValueType:
                text.Append(value).Append(';');
                break;
            case IEnumerable items:
                text.Append('[');
                foreach (object item in items)
                {
                    Describe(item, file, text);
                }

                text.Append(']');
                break;
            default:
                throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));
}
