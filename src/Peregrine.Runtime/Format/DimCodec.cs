using Peregrine.Symbolics;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Dims by structure: a count of terms, then the constant, then per term its coefficient and its atoms; an atom is a symbol's name or an opaque operation on two dims.
/// Everything inside is written in full, so that the text of a dim, by which dims are compared, is never much longer than what the file spends on it.
/// </summary>
internal static class DimCodec
{
    public static void Write(StructureWriter w, Dim dim)
    {
        w.Enter();
        if (dim.IsConstant)
        {
            w.Bytes.WriteCount(0);
            w.Bytes.WriteSigned(dim.Constant);
        }
        else
        {
            Polynomial sum = dim.Polynomial;
            w.Bytes.WriteCount(sum.Terms.Length);
            w.Bytes.WriteSigned(sum.Constant);
            foreach (Term term in sum.Terms)
            {
                w.Bytes.WriteSigned(term.Coefficient);
                w.Bytes.WriteCount(term.Monomial.Atoms.Length);
                foreach (DimAtom atom in term.Monomial.Atoms)
                {
                    WriteAtom(w, atom);
                }
            }
        }

        w.Leave();
    }

    public static Dim Read(StructureReader r)
    {
        r.Bytes.Enter();
        try
        {
            return ReadSum(r);
        }
        catch (Exception problem) when (problem is OverflowException or DivideByZeroException or DimException)
        {
            throw r.Error($"a dimension cannot be computed ({problem.Message})", problem);
        }
        finally
        {
            r.Bytes.Leave();
        }
    }

    private static Dim ReadSum(StructureReader r)
    {
        int count = r.Bytes.ReadCount(4);
        long constant = r.Bytes.ReadSigned();
        List<Term> terms = new(count);
        for (int i = 0; i < count; i++)
        {
            long coefficient = r.Bytes.ReadSigned();
            DimAtom[] atoms = new DimAtom[r.Bytes.ReadCount(2)];
            for (int k = 0; k < atoms.Length; k++)
            {
                atoms[k] = ReadAtom(r);
            }

            if (coefficient == 0 || atoms.Length == 0)
            {
                throw r.Error("a term of a dimension is empty");
            }

            terms.Add(new(coefficient, new(atoms)));
        }

        return new Dim(Polynomial.Sum(terms, constant));
    }

    private static void WriteAtom(StructureWriter w, DimAtom atom)
    {
        if (atom is OpaqueAtom opaque)
        {
            w.Bytes.WriteByte((byte)(1 + opaque.Kind));
            Write(w, opaque.Left);
            Write(w, opaque.Right);
        }
        else
        {
            w.Bytes.WriteByte(0);
            w.Bytes.WriteString(((SymbolAtom)atom).Name);
        }
    }

    private static DimAtom ReadAtom(StructureReader r)
    {
        int tag = r.Bytes.ReadByte();
        if (tag == 0)
        {
            return new SymbolAtom(r.Bytes.ReadString());
        }

        OpaqueKind kind = (OpaqueKind)(tag - 1);
        if (!Enum.IsDefined(kind))
        {
            throw r.Error($"there is no kind {tag} of dimensions");
        }

        Dim left = Read(r), right = Read(r);
        Dim? made = kind switch
        {
            OpaqueKind.FloorDiv => Dim.FloorDiv(left, right),
            OpaqueKind.Min => Dim.Min(left, right),
            OpaqueKind.Max => Dim.Max(left, right),
            _ => Dim.Broadcast(left, right),
        };

        // What simplifies was not canonical; and only what is canonical can be compared.
        return made is { IsConstant: false, Polynomial: { Constant: 0, Terms: [{ Coefficient: 1, Monomial.Atoms: [OpaqueAtom atom] }] } }
            ? atom
            : throw r.Error($"the operation {kind} on {left} and {right} is not in its simplest form");
    }
}
