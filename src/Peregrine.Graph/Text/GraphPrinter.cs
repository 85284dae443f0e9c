using System.Globalization;
using System.Text;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Text;

/// <summary>
/// The text form of a graph, deterministic and read back by <see cref="GraphParser"/>:
/// <code>
/// graph "name"(%x: f32[N,3,224,224]) where N in [1,32] {
///   %y = Conv(%x, %w@f32[64,3,7,7]) {strides=[2,2]} : f32[N,64,112,112] // from "layer1.conv"
///   return %y as "out"
/// }
/// </code>
/// A constant stands at its first use: <c>@s64[2]{1,2}</c> with its elements if they are few, <c>%w@f32[64,3,7,7]</c> with a name where it is large or used more than once;
/// later uses are <c>%w</c>. An absent input or output is <c>_</c>. A name that is no identifier stands in double quotes behind the <c>%</c>.
/// </summary>
public static class GraphPrinter
{
    /// <summary>Constants of more elements are printed without them, unless asked otherwise.</summary>
    public const int InlineElements = 16;

    /// <param name="inlineElements">Up to how many elements of a constant are printed; <see cref="int.MaxValue"/> makes the text complete.</param>
    public static string Print(Graph graph, int inlineElements = InlineElements)
    {
        StringBuilder text = new();
        new Writer(text, inlineElements).WriteGraph(graph, 0, isRoot: true);
        return text.Append('\n').ToString();
    }

    /// <summary>A value's name as a reference: <c>%y</c>, <c>%"odd name"</c>.</summary>
    internal static string Reference(string name) => IsPlain(name) ? $"%{name}" : $"%{AttributeBag.Quote(name)}";

    /// <summary>Whether a name needs no quotes. "//" would begin a comment.</summary>
    internal static bool IsPlain(string name) => name.Length > 0 && name.All(IsPlain) && !name.Contains("//", StringComparison.Ordinal);

    internal static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '/';

    /// <summary>The default name of a node, which is not printed.</summary>
    internal static string DefaultNodeName(Operator op, Provenance provenance) => provenance.Sources.Count > 0 ? provenance.ToString() : op.Definition.Name;

    private sealed class Writer(StringBuilder text, int inlineElements)
    {
        private readonly HashSet<Value> _shown = [];

        public void WriteGraph(Graph graph, int indent, bool isRoot)
        {
            text.Append("graph ").Append(AttributeBag.Quote(graph.Name)).Append('(')
                .AppendJoin(", ", graph.Inputs.Select(v => $"{Reference(v.Name)}: {v.Type}")).Append(')');
            Symbol[] symbols = isRoot ? [.. graph.Symbols.Symbols.Where(s => s.IsDataDependent || s.Min > 0 || s.Max < long.MaxValue)] : [];
            if (symbols.Length > 0)
            {
                text.Append(" where ").AppendJoin(", ", symbols.Select(s =>
                    $"{Dim.Symbol(s.Name)} in [{s.Min},{(s.Max == long.MaxValue ? "inf" : s.Max.ToString(CultureInfo.InvariantCulture))}]{(s.IsDataDependent ? " data" : "")}{(s.Bound is { } bound ? $"<={bound}" : "")}"));
            }

            text.Append(" {\n");
            foreach (Node node in graph.Nodes)
            {
                WriteNode(node, indent + 2);
            }

            // A constant that no node uses can still be a result.
            Indent(indent + 2).Append("return ").AppendJoin(", ", graph.Outputs.Select(o => Operand(o.Value) + (o.Name == o.Value.Name ? "" : $" as {AttributeBag.Quote(o.Name)}"))).Append('\n');
            Indent(indent).Append('}');
        }

        private void WriteNode(Node node, int indent)
        {
            Indent(indent).AppendJoin(", ", node.Outputs.Select(o => o is null ? "_" : Reference(o.Name))).Append(" = ").Append(node.Operator.Definition.FullName);
            if (node.Name != DefaultNodeName(node.Operator, node.Provenance))
            {
                text.Append(' ').Append(AttributeBag.Quote(node.Name));
            }

            text.Append('(').AppendJoin(", ", node.Inputs.Select(i => i is null ? "_" : Operand(i))).Append(')');
            AttributeBag attributes = node.Operator.Definition.Describe(node.Operator);
            string separator = " {";
            foreach (string name in attributes.Names)
            {
                text.Append(separator).Append(name).Append('=');
                WriteAttribute(attributes[name]!, indent);
                separator = ", ";
            }

            text.Append(attributes.Count > 0 ? "}" : "").Append(" : ").AppendJoin(", ", node.Outputs.Select(o => o is null ? "_" : o.Type.ToString()));
            if (node.Provenance.Sources.Count > 0)
            {
                text.Append(" // from ").AppendJoin(", ", node.Provenance.Sources.Select(AttributeBag.Quote));
            }

            text.Append('\n');
        }

        private void WriteAttribute(object value, int indent)
        {
            switch (value)
            {
                case Graph graph:
                    WriteGraph(graph, indent, isRoot: false);
                    break;
                case Tensor tensor:
                    text.Append($"@{tensor}{{{TensorText.Print(tensor)}}}");
                    break;
                case float number:
                    text.Append(AttributeBag.PrintFloat(number));
                    break;
                case string word:
                    text.Append(AttributeBag.Quote(word));
                    break;
                case Floats floats:
                    text.Append('[').AppendJoin(',', floats.Select(AttributeBag.PrintFloat)).Append(']');
                    break;
                case Texts words:
                    text.Append('[').AppendJoin(',', words.Select(AttributeBag.Quote)).Append(']');
                    break;
                default:
                    text.Append(CultureInfo.InvariantCulture, $"{value}");
                    break;
            }
        }

        private string Operand(Value value)
        {
            if (value.Constant is not { } constant || !_shown.Add(value))
            {
                return Reference(value.Name);
            }

            bool isSmall = constant.Data.Length <= inlineElements;
            string name = isSmall && value.Uses.Count == 1 ? "" : Reference(value.Name);
            return $"{name}@{constant.Data}{(isSmall ? $"{{{TensorText.Print(constant.Data)}}}" : "")}";
        }

        private StringBuilder Indent(int count) => text.Append(' ', count);
    }
}
