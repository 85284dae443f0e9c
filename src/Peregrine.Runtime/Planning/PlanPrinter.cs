using System.Globalization;
using System.Text;
using Peregrine.Symbolics;

namespace Peregrine.Runtime.Planning;

/// <summary>A plan as text, for people and golden files: symbols, slots, then the steps in order, sub-plans indented. Deterministic.</summary>
public static class PlanPrinter
{
    public static string Print(Plan plan)
    {
        StringBuilder text = new();
        Print(plan, text, "");
        return text.ToString();
    }

    private static void Print(Plan plan, StringBuilder text, string indent)
    {
        text.Append(CultureInfo.InvariantCulture, $"{indent}plan \"{plan.Name}\"\n");
        foreach (Symbol symbol in plan.Symbols)
        {
            SymbolBinding? binding = plan.Shapes.Bindings.FirstOrDefault(b => b.Symbol == symbol.Name);
            string source = binding is null ? "" : $" = dimension {binding.Axis} of #{binding.Slot}{(binding.Step < 0 ? "" : $" after step {binding.Step}")}";
            text.Append(CultureInfo.InvariantCulture, $"{indent}  symbol {symbol}{source}\n");
        }

        foreach (BufferSlot slot in plan.Slots)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}  #{slot.Index} %{slot.Name} : {slot.Type} {Place(plan, slot)}\n");
        }

        for (int i = 0; i < plan.Steps.Count; i++)
        {
            Step step = plan.Steps[i];
            text.Append(CultureInfo.InvariantCulture, $"{indent}  {i}: {Numbers(step.Outputs)} = {Describe(step)}({Numbers(step.Inputs)}) // from {string.Join(" + ", step.Sources)}\n");
            foreach (Plan subplan in step.Subplans)
            {
                Print(subplan, text, indent + "    ");
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"{indent}  return {string.Join(", ", plan.Outputs.Select(o => $"#{o.Slot} as \"{o.Name}\""))}\n");
    }

    private static string Place(Plan plan, BufferSlot slot)
    {
        int segment = (int)plan.Shapes.SlotSegments[slot.Index];
        string place = slot.Kind switch
        {
            SlotKind.View => $"view of #{slot.Target}",
            SlotKind.Part => $"part of #{slot.Target} from {slot.Start} on axis {slot.Axis}",
            SlotKind.Constant => $"constant {slot.Target}",
            SlotKind.Dims => $"dims {slot.Contents}",
            SlotKind.Input => "input",
            _ => $"{slot.Kind.ToString().ToLowerInvariant()}, steps {slot.FirstStep} to {slot.LastStep}",
        };
        return $"({place}{(slot.Layout.IsRowMajor ? "" : $", {slot.Layout}")}{(segment > 0 ? $", segment {segment}" : "")})";
    }

    private static string Describe(Step step) => step switch
    {
        KernelStep kernel => $"{kernel.Operator} by {kernel.Tactic}{(kernel.Option.Text.Length > 0 ? $" {kernel.Option}" : "")}",
        HostStep host => $"{host.Operator} on the host",
        _ => step.Kind,
    };

    private static string Numbers(Tensors.Ints slots) => string.Join(", ", slots.Select(s => s < 0 ? "_" : $"#{s}"));
}
