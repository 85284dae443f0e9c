using System.Text;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Fuzz;

/// <summary>Damage that keeps the file well-formed: wrong dims, types, attributes, edges, bodies and versions, in places that a model has.</summary>
internal sealed class ModelMutator(OnnxModelProto model, Random random, Func<OnnxModelProto> foreign)
{
    private static readonly long[] Extremes =
    [
        0, 1, -1, 2, -2, 3, 7, 64, 1000, 65_537, 1L << 20, int.MaxValue, int.MinValue, 1L << 31, 1L << 32, (1L << 32) + 1, 1L << 40, 1L << 60, 1L << 62, long.MaxValue, long.MinValue, long.MinValue + 1,
    ];

    private static readonly float[] ExtremeFloats = [0, -0f, 1, -1, 0.5f, 1e-30f, 1e30f, float.MaxValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, 3e9f, 1e19f];

    private static readonly string[] Operators = [.. OperatorCatalog.Standard.Schemas.Select(d => d.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static readonly ForeignSchema[] Foreign = [.. OperatorCatalog.Standard.ForeignSchemas];

    private static readonly string[] Words = ["", "linear", "cubic", "nearest", "same_upper", "SAME_LOWER", "VALID", "NOTSET", "reflect", "wrap", "bidirectional", "ij,jk->ik", "...", "i,i->", "\uD83D\uDE00", "x"];

    public string Mutate()
    {
        List<string> done = [];
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            done.Add(MutateOnce());
        }

        return string.Join(", ", done);
    }

    private string MutateOnce()
    {
        List<OnnxGraphProto> graphs = [];
        Collect(model.Graph, graphs);
        OnnxGraphProto? graph = Pick(graphs);
        if (graph is null)
        {
            return "nothing";
        }

        switch (random.Next(22))
        {
            case 0 or 1 when Pick(graph.Initializers) is { } tensor:
                tensor.Dims = Disturb(tensor.Dims);
                return $"dims of {tensor.Name}";
            case 2 or 3 when Pick(graph.Initializers) is { } tensor:
                return Contents(tensor);
            case 4 when Pick(graph.Initializers) is { } tensor:
                tensor.ElementType = AnyType();
                return $"type of {tensor.Name}";
            case 5 or 6 when Pick([.. graph.Inputs, .. graph.Outputs, .. graph.ValueInfos]) is { } info:
                Disturb(info);
                return $"declaration of {info.Name}";
            case 7 or 8 when Pick(graph.Nodes) is { } node:
                node.Inputs = Rewire(node.Inputs, graph);
                return $"inputs of {node}";
            case 9 when Pick(graph.Nodes) is { } node:
                node.Outputs = Rewire(node.Outputs, graph);
                return $"outputs of {node}";
            case 10 when random.Next(4) == 0 && Pick(graph.Nodes) is { } node && Pick(Foreign) is { } schema:
                (node.OperatorType, node.Domain) = (schema.Name, schema.Domain);
                node.Attributes = [.. node.Attributes, .. schema.Attributes.Where(a => a.Required).Select(a => new OnnxAttributeProto { Name = a.Name, DeclaredKind = OnnxAttributeKind.Int, Int = random.Next(1, 9) })];
                model.OperatorSets = [.. model.OperatorSets.Where(o => o.Domain != schema.Domain || schema.Domain.Length == 0), .. schema.Domain.Length == 0 ? (OnnxOperatorSet[])[] : [new() { Domain = schema.Domain, Version = 1 }]];
                return $"foreign operator in {node}";
            case 10 when Pick(graph.Nodes) is { } node:
                node.OperatorType = random.Next(20) == 0 ? "Unheard" : Pick(Operators)!;
                return $"operator of {node}";
            case 11 or 12 or 13 or 14 or 15 when Pick([.. graph.Nodes.Where(n => n.Attributes.Count > 0)]) is { } node:
                return $"attribute {Disturb(Pick(node.Attributes)!, node)} of {node}";
            case 16 when Pick(model.OperatorSets) is { } set:
                set.Version = random.Next(3) > 0 ? random.Next(1, 30) : Pick(Extremes);
                return "opset";
            case 17 when graph.Nodes.Count > 0:
                return Shuffle(graph);
            case 18 when Pick(graph.Nodes) is { } node:
                return Nest(graph, node);
            case 19:
                return Graft(graph);
            case 20 when Pick(graph.Nodes) is { } node && Pick(OperatorCatalog.Standard.Schemas.ToArray()) is { } definition && definition.Attributes.Count > 0:
                OnnxAttributeProto made = new() { Name = Pick(definition.Attributes)!.Name };
                Fill(made, (OnnxAttributeKind)random.Next(1, 9));
                node.Attributes = [.. node.Attributes, made];
                return $"attribute {made.Name} to {node}";
            case 21 when Pick(graph.Initializers) is { } tensor:
                tensor.IsExternal = true;
                tensor.RawData = null;
                tensor.ExternalData = [new() { Key = "location", Value = Pick<string>(["../secret", "/etc/passwd", "absent.bin", "", "a/../../b", "."])! }, new() { Key = "offset", Value = Pick(Extremes).ToString() }, new() { Key = "length", Value = Pick(Extremes).ToString() }];
                return $"external data of {tensor.Name}";
            default:
                return "nothing";
        }
    }

    private static void Collect(OnnxGraphProto? graph, List<OnnxGraphProto> into)
    {
        if (graph is null)
        {
            return;
        }

        into.Add(graph);
        foreach (OnnxAttributeProto attribute in graph.Nodes.SelectMany(n => n.Attributes))
        {
            Collect(attribute.Graph, into);
            foreach (OnnxGraphProto body in attribute.Graphs)
            {
                Collect(body, into);
            }
        }
    }

    private T? Pick<T>(IReadOnlyList<T> items) => items.Count == 0 ? default : items[random.Next(items.Count)];

    private DataType AnyType() => (DataType)(random.Next(10) == 0 ? random.Next(-2, 1 << 20) : random.Next(0, 28));

    private Ints Disturb(Ints values)
    {
        List<long> list = [.. values];
        switch (random.Next(5))
        {
            case 0: list.Insert(random.Next(list.Count + 1), Pick(Extremes)); break;
            case 1 when list.Count > 0: list.RemoveAt(random.Next(list.Count)); break;
            case 2 when list.Count > 0: list[random.Next(list.Count)] += random.Next(2) == 0 ? 1 : -1; break;
            case 3: list = [.. Enumerable.Range(0, random.Next(0, 40)).Select(_ => (long)random.Next(0, 4))]; break;
            default:
                if (list.Count > 0)
                {
                    list[random.Next(list.Count)] = Pick(Extremes);
                }

                break;
        }

        return Ints.From(list);
    }

    private string Contents(OnnxTensorProto tensor)
    {
        Memory<byte>? raw = tensor.RawData;
        if (raw is null || raw.Value.Length == 0)
        {
            // The elements stand in a typed list, which cannot be edited: others take their place.
            tensor.RawData = new byte[random.Next(0, 64)];
            return $"elements of {tensor.Name}";
        }

        byte[] data = raw.Value.ToArray();
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            if (data.Length >= 8 && tensor.ElementType == DataType.Int64)
            {
                BitConverter.TryWriteBytes(data.AsSpan(random.Next(data.Length / 8) * 8), Pick(Extremes));
            }
            else if (data.Length >= 4 && tensor.ElementType == DataType.Float32)
            {
                BitConverter.TryWriteBytes(data.AsSpan(random.Next(data.Length / 4) * 4), Pick(ExtremeFloats));
            }
            else
            {
                data[random.Next(data.Length)] = (byte)random.Next(256);
            }
        }

        tensor.RawData = random.Next(5) == 0 ? data.AsMemory(0, random.Next(data.Length)) : data;
        return $"elements of {tensor.Name}";
    }

    private void Disturb(OnnxValueInfoProto info)
    {
        switch (random.Next(8))
        {
            case 0: info.Type = null; break;
            case 1: info.Type = new() { Kind = (OnnxTypeKind)random.Next(0, 10), ElementType = AnyType(), Element = info.Type }; break;
            case 2 when info.Type is { } type: type.ElementType = AnyType(); break;
            case 3: info.Name = Pick<string>(["", "x", "y", "no such value"])!; break;
            case 4 when info.Type is { } type: type.Shape = null; break;
            default:
                if (info.Type is { } declared)
                {
                    List<OnnxDimension> dims = [.. declared.Shape?.Dims ?? []];
                    OnnxDimension dim = random.Next(3) switch
                    {
                        0 => new() { Value = Pick(Extremes) },
                        1 => new() { Parameter = Pick<string>(["N", "M", "", "N+1", "N*N*N*N", "-N", "((((", "batch size"])! },
                        _ => new(),
                    };
                    if (dims.Count > 0 && random.Next(4) > 0)
                    {
                        dims[random.Next(dims.Count)] = dim;
                    }
                    else
                    {
                        dims.Insert(random.Next(dims.Count + 1), dim);
                    }

                    declared.Shape = new() { Dims = dims };
                }

                break;
        }
    }

    private List<string> Rewire(IReadOnlyList<string> names, OnnxGraphProto graph)
    {
        List<string> list = [.. names];
        string other = Pick([.. graph.Nodes.SelectMany(n => n.Outputs), .. graph.Inputs.Select(i => i.Name), .. graph.Initializers.Select(t => t.Name), "", "no such value"])!;
        switch (random.Next(5))
        {
            case 0: list.Insert(random.Next(list.Count + 1), other); break;
            case 1 when list.Count > 0: list.RemoveAt(random.Next(list.Count)); break;
            case 2: list.AddRange(list); break;
            default:
                if (list.Count > 0)
                {
                    list[random.Next(list.Count)] = other;
                }

                break;
        }

        return list;
    }

    private string Disturb(OnnxAttributeProto attribute, OnnxNodeProto node)
    {
        string name = attribute.Name;
        switch (random.Next(12))
        {
            case 0: node.Attributes = [.. node.Attributes.Where(a => a != attribute)]; break;
            case 1: Fill(attribute, (OnnxAttributeKind)random.Next(0, 9)); break;
            case 2: attribute.DeclaredKind = (OnnxAttributeKind)random.Next(-1, 16); break;
            case 3: attribute.Name = Pick<string>(["axis", "axes", "to", "shape", "perm", "group", "value", "unheard", ""])!; break;
            case 4: node.Attributes = [.. node.Attributes, attribute]; break;
            default:
                switch (attribute.Kind)
                {
                    case OnnxAttributeKind.Int: attribute.Int = random.Next(3) == 0 ? random.Next(-4, 20) : Pick(Extremes); break;
                    case OnnxAttributeKind.Ints: attribute.Ints = Disturb(attribute.Ints); break;
                    case OnnxAttributeKind.Float: attribute.Float = Pick(ExtremeFloats); break;
                    case OnnxAttributeKind.Floats: attribute.Floats = Floats.From(attribute.Floats.Append(Pick(ExtremeFloats)).Skip(random.Next(2))); break;
                    case OnnxAttributeKind.String: attribute.StringBytes = Encoding.UTF8.GetBytes(Pick(Words)!); break;
                    case OnnxAttributeKind.Tensor when attribute.Tensor is { } tensor:
                        if (random.Next(2) == 0)
                        {
                            tensor.Dims = Disturb(tensor.Dims);
                        }
                        else
                        {
                            Contents(tensor);
                        }

                        break;
                    default: Fill(attribute, attribute.Kind); break;
                }

                break;
        }

        return name;
    }

    private void Fill(OnnxAttributeProto attribute, OnnxAttributeKind kind)
    {
        attribute.DeclaredKind = kind;
        attribute.Int = Pick(Extremes);
        attribute.Float = Pick(ExtremeFloats);
        attribute.StringBytes = Encoding.UTF8.GetBytes(Pick(Words)!);
        attribute.Ints = Disturb(attribute.Ints);
        attribute.Floats = [Pick(ExtremeFloats)];
    }

    private string Shuffle(OnnxGraphProto graph)
    {
        List<OnnxNodeProto> nodes = [.. graph.Nodes];
        int at = random.Next(nodes.Count);
        switch (random.Next(5))
        {
            case 0: nodes.RemoveAt(at); break;
            case 1: nodes.Add(nodes[at]); break;
            case 2: nodes.Reverse(); break;
            case 3: graph.Initializers = [.. graph.Initializers.Skip(1)]; break;
            default: graph.Outputs = [.. graph.Outputs.Skip(1)]; break;
        }

        graph.Nodes = nodes;
        return "order of nodes";
    }

    private string Nest(OnnxGraphProto graph, OnnxNodeProto node)
    {
        int levels = random.Next(1, 30);
        OnnxNodeProto inner = node;
        for (int level = 0; level < levels; level++)
        {
            OnnxGraphProto body = HandMade.Graph([], [inner], [.. inner.Outputs.Select(o => new OnnxValueInfoProto { Name = o })]);
            inner = HandMade.Node("If", "fuzz.true", "", HandMade.Body("then_branch", body), HandMade.Body("else_branch", body));
            inner.Outputs = node.Outputs;
            if (level > 8)
            {
                // Both branches the same would double the file at every level.
                inner.Attributes = [inner.Attributes[0]];
            }
        }

        graph.Nodes = [.. graph.Nodes.Select(n => n == node ? inner : n)];
        graph.Initializers = [.. graph.Initializers, new() { Name = "fuzz.true", ElementType = DataType.Bool, Dims = [], RawData = new byte[] { 1 } }];
        return $"{levels} bodies around {node}";
    }

    private string Graft(OnnxGraphProto graph)
    {
        OnnxModelProto other = foreign();
        switch (random.Next(4))
        {
            case 0:
                model.OperatorSets = other.OperatorSets;
                return "foreign opsets";
            case 1 when other.Graph is { } donor:
                graph.Nodes = [.. graph.Nodes, .. donor.Nodes];
                return "foreign nodes";
            case 2 when Pick(graph.Nodes) is { } node && other.Graph is { } donor && Pick(donor.Nodes) is { } source:
                node.OperatorType = source.OperatorType;
                node.Attributes = source.Attributes;
                return $"foreign operator in {node}";
            default:
                if (Pick(graph.Nodes) is { } host && other.Graph is { } body)
                {
                    host.OperatorType = Pick<string>(["If", "Loop", "Scan", "SequenceMap"])!;
                    host.Attributes = [HandMade.Body("body", body), HandMade.Body("then_branch", body), HandMade.Body("else_branch", body), HandMade.Int("num_scan_inputs", random.Next(3))];
                    return "foreign body";
                }

                return "nothing";
        }
    }
}
