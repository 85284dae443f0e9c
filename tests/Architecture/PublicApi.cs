using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Architecture;

/// <summary>The public and protected surface of an assembly as text: one line per type and per member, in ordinal order.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    public static IEnumerable<Type> Types(Assembly assembly) =>
        assembly.GetExportedTypes().Where(t => !t.FullName!.Contains('<', StringComparison.Ordinal)).OrderBy(t => t.FullName, StringComparer.Ordinal);

    public static string Print(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in Types(assembly))
        {
            text.Append(Header(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("  ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            return $"delegate {Name(invoke.ReturnType)} {FullName(type)}({Parameters(invoke)})";
        }

        bool isRecord = type.GetMethod("<Clone>$", Declared) is not null;
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? type.IsByRefLike ? "ref struct" : "struct" : isRecord ? "record" : "class";
        string modifiers = type is { IsAbstract: true, IsSealed: true } ? "static " : type is { IsAbstract: true, IsInterface: false } ? "abstract " : type is { IsSealed: true, IsValueType: false } ? "sealed " : "";
        IEnumerable<Type> bases = type.IsEnum ? [] : [.. type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? [b] : (Type[])[],
            .. type.GetInterfaces().Where(i => i.IsVisible && i.Name != "IEquatable`1" && type.BaseType?.GetInterfaces().Contains(i) != true).OrderBy(i => i.Name, StringComparer.Ordinal)];
        string inherited = string.Join(", ", bases.Select(Name));
        return $"{modifiers}{kind} {FullName(type)}{(inherited.Length > 0 ? $" : {inherited}" : "")}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield break;
        }

        foreach (FieldInfo field in type.GetFields(Declared).Where(f => (f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly) && !f.IsSpecialName))
        {
            yield return type.IsEnum ? $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue())}" : $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}";
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(IsShown))
        {
            yield return $"{(constructor.IsPublic ? "" : "protected ")}new({Parameters(constructor)})";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            MethodInfo? get = property.GetMethod is { } g && IsShown(g) ? g : null, set = property.SetMethod is { } s && IsShown(s) ? s : null;
            if ((get ?? set) is { } accessor && property.Name != "EqualityContract")
            {
                string access = (get is not null ? "get; " : "") + (set is null ? "" : set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; ");
                string index = property.GetIndexParameters().Length > 0 ? $"[{string.Join(", ", property.GetIndexParameters().Select(Parameter))}]" : "";
                yield return $"{Modifiers(accessor)}{Name(property.PropertyType)}{(Nullability.Create(property).ReadState == NullabilityState.Nullable && !property.PropertyType.IsValueType ? "?" : "")} {property.Name}{index} {{ {access}}}";
            }
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(m => IsShown(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            // What the compiler makes for records says nothing that "record" does not.
            if (method.GetCustomAttribute<CompilerGeneratedAttribute>() is null && !method.Name.Contains('<', StringComparison.Ordinal))
            {
                string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
                bool isNullable = !method.ReturnType.IsValueType && Nullability.Create(method.ReturnParameter).ReadState == NullabilityState.Nullable;
                yield return $"{Modifiers(method)}{Name(method.ReturnType)}{(isNullable ? "?" : "")} {method.Name}{generic}({Parameters(method)})";
            }
        }

        foreach (EventInfo declared in type.GetEvents(Declared).Where(e => e.AddMethod is { } add && IsShown(add)))
        {
            yield return $"event {Name(declared.EventHandlerType!)} {declared.Name}";
        }
    }

    private static bool IsShown(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Modifiers(MethodInfo method)
    {
        string access = method.IsPublic ? "" : "protected ";
        bool isOverride = method.GetBaseDefinition() != method;
        return access + (method.IsStatic ? "static " : method.DeclaringType!.IsInterface ? "" : isOverride ? "override " : method.IsAbstract ? "abstract " : method is { IsVirtual: true, IsFinal: false } ? "virtual " : "");
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        string prefix = type.IsByRef ? parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref " : "";
        bool isNullable = !type.IsValueType && Nullability.Create(parameter).WriteState == NullabilityState.Nullable;
        return $"{prefix}{Name(type.IsByRef ? type.GetElementType()! : type)}{(isNullable ? "?" : "")} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : "")}";
    }

    private static string FullName(Type type)
    {
        string prefix = type.DeclaringType is { } outer ? FullName(outer) : type.Namespace!;
        return $"{prefix}.{Own(type)}";
    }

    private static string Name(Type type) =>
        type.IsArray ? $"{Name(type.GetElementType()!)}[]"
        : type.IsPointer ? $"{Name(type.GetElementType()!)}*"
        : type.IsByRef ? $"ref {Name(type.GetElementType()!)}"
        : Nullable.GetUnderlyingType(type) is { } value ? $"{Name(value)}?"
        : type is { IsNested: true, IsGenericParameter: false } ? $"{Name(type.DeclaringType!)}.{Own(type)}"
        : Own(type);

    private static string Own(Type type)
    {
        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? type.Name : $"{type.Name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
