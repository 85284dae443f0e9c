using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Pointwise bodies, prefix-coded. An inner expression that occurs several times is written once and referred to by its number afterwards (counted by completion), so that sharing
/// survives; depth and size of the expression as a tree are limited, because whoever prints, compares or compiles it walks the tree.
/// </summary>
internal static class ExprCodec
{
    public const int MaximumDepth = 400;
    public const long MaximumTreeSize = 1 << 16;

    private enum Kind : byte
    {
        Operand,
        Constant,
        Unary,
        Binary,
        Select,
        Convert,
        Earlier,
    }

    public static void Write(StructureWriter w, Expr expr)
    {
        (int depth, long size) = Measure(expr, new(ReferenceEqualityComparer.Instance));
        if (depth > MaximumDepth || size > MaximumTreeSize)
        {
            throw new EngineWriteException($"The engine cannot be saved: a fused expression of {size} operations, {depth} deep, is larger than a file holds ({MaximumTreeSize}, {MaximumDepth} deep). Build it with a lower level.");
        }

        Write(w.Bytes, expr, []);
    }

    public static Expr Read(StructureReader r) => Read(r, [], 0).Expr;

    private static (int Depth, long Size) Measure(Expr expr, Dictionary<Expr, (int, long)> known)
    {
        if (known.TryGetValue(expr, out (int, long) measured))
        {
            return measured;
        }

        int depth = 0;
        long size = 1;
        foreach (Expr part in Parts(expr))
        {
            (int d, long s) = Measure(part, known);
            (depth, size) = (Math.Max(depth, d), Math.Min(size + s, long.MaxValue / 4));
        }

        known.Add(expr, (depth + 1, size));
        return (depth + 1, size);
    }

    private static Expr[] Parts(Expr expr) => expr switch
    {
        UnaryExpr e => [e.X],
        BinaryExpr e => [e.Left, e.Right],
        SelectExpr e => [e.Condition, e.WhenTrue, e.WhenFalse],
        ConvertExpr e => [e.X],
        _ => [],
    };

    private static void Write(BinarySectionWriter w, Expr expr, Dictionary<Expr, int> known)
    {
        if (known.TryGetValue(expr, out int number))
        {
            w.WriteByte((byte)Kind.Earlier);
            w.WriteUnsigned((ulong)number);
            return;
        }

        switch (expr)
        {
            case OperandExpr e:
                w.WriteByte((byte)Kind.Operand);
                w.WriteUnsigned((ulong)e.Index);
                return;
            case ConstantExpr e:
                w.WriteByte((byte)Kind.Constant);
                w.WriteDouble(e.Value);
                return;
            case UnaryExpr e:
                w.WriteByte((byte)Kind.Unary);
                w.WriteUnsigned((ulong)e.Function);
                break;
            case BinaryExpr e:
                w.WriteByte((byte)Kind.Binary);
                w.WriteUnsigned((ulong)e.Function);
                break;
            case SelectExpr:
                w.WriteByte((byte)Kind.Select);
                break;
            case ConvertExpr e:
                w.WriteByte((byte)Kind.Convert);
                w.WriteUnsigned((ulong)e.Type);
                break;
            default:
                throw new ArgumentException($"{expr.GetType()} has no form in engine files.", nameof(expr));
        }

        foreach (Expr part in Parts(expr))
        {
            Write(w, part, known);
        }

        known.Add(expr, known.Count);
    }

    private static (Expr Expr, int Depth, long Size) Read(StructureReader r, List<(Expr, int, long)> known, int level)
    {
        if (level >= MaximumDepth)
        {
            throw r.Error($"an expression is nested deeper than {MaximumDepth}");
        }

        Kind kind = r.Bytes.ReadEnum<Kind>("the kind of an expression");
        switch (kind)
        {
            case Kind.Operand:
                return (new OperandExpr(r.Bytes.ReadIndex(ushort.MaxValue, "an operand")), 1, 1);
            case Kind.Constant:
                return (new ConstantExpr(r.Bytes.ReadDouble()), 1, 1);
            case Kind.Earlier:
                return known[r.Bytes.ReadIndex(known.Count, "an expression")];
        }

        int depth = 0;
        long size = 1;
        Expr made = kind switch
        {
            Kind.Unary => new UnaryExpr(r.Bytes.ReadEnum<UnaryFunction>("a function"), Part()),
            Kind.Binary => new BinaryExpr(r.Bytes.ReadEnum<BinaryFunction>("a function"), Part(), Part()),
            Kind.Select => new SelectExpr(Part(), Part(), Part()),
            _ => new ConvertExpr(ElementType(), Part()),
        };
        if (depth + 1 > MaximumDepth || size > MaximumTreeSize)
        {
            throw r.Error($"an expression has more than {MaximumTreeSize} operations or is deeper than {MaximumDepth}");
        }

        known.Add((made, depth + 1, size));
        return known[^1];

        Expr Part()
        {
            (Expr part, int d, long s) = Read(r, known, level + 1);
            depth = Math.Max(depth, d);
            size += s;
            return part;
        }

        DataType ElementType() => r.Bytes.ReadEnum<DataType>("an element type") is var type and not DataType.Undefined ? type : throw r.Error("a conversion has no element type");
    }
}
