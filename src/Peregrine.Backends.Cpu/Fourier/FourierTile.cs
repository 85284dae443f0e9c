using System.Runtime.CompilerServices;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>The transform of one tile in two dimensions, rows first, and its memory.</summary>
internal readonly unsafe ref struct FourierTile<TOps, T> where TOps : struct, IFloatVector<T> where T : unmanaged
{
    private readonly FourierPlan _plan;
    private readonly float* _first;
    private readonly float* _second;
    private readonly float* _left;
    private readonly float* _right;

    /// <param name="memory">Of <see cref="MemoryFloats"/>.</param>
    public FourierTile(FourierPlan plan, float* memory)
    {
        _plan = plan;
        Elements = memory;
        Line = memory + plan.TileFloats;
        _first = Line + plan.LineFloats;
        _second = _first + plan.LineFloats;
        _left = _second + plan.LineFloats;
        _right = _left + plan.LineFloats;
    }

    /// <summary>All rows.</summary>
    public float* Elements { get; }

    /// <summary>One row, for whoever fills rows or reads them.</summary>
    public float* Line { get; }

    public static long MemoryFloats(FourierPlan plan) => plan.TileFloats + (5 * plan.LineFloats);

    private long RowFloats => (long)_plan.RowElements * _plan.Floats;

    /// <summary>Transforms <see cref="Line"/> into a row.</summary>
    public void EnterRow(int row) => FourierTransform<TOps, T>.Run(_plan.Columns, Line, _plan.Floats, Elements + (row * RowFloats), _plan.Floats, _first, _second, inverse: false);

    public void ClearRow(int row) => new Span<float>(Elements + (row * RowFloats), (int)RowFloats).Clear();

    /// <summary>Transforms a row back into <see cref="Line"/>.</summary>
    public void LeaveRow(int row) => FourierTransform<TOps, T>.Run(_plan.Columns, Elements + (row * RowFloats), _plan.Floats, Line, _plan.Floats, _first, _second, inverse: true);

    /// <summary>Transforms the columns, multiplies by spectra and transforms them back.</summary>
    /// <param name="spectra">Per kept column and row two vectors for the real part's channels, two for the imaginary part's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(float* spectra)
    {
        for (int column = 0; column < _plan.KeptColumns; column++, spectra += (long)_plan.Rows.Length * 2 * _plan.Floats)
        {
            if (_plan.Rows.Length == 1)
            {
                int other = (_plan.Columns.Length - column) % _plan.Columns.Length;
                Products(Elements + ((long)column * _plan.Floats), Elements + ((long)other * _plan.Floats), spectra, 1, other == column);
                continue;
            }

            int mirrored = EnterColumns(column);
            float* right = mirrored == column ? _left : _right;
            Products(_left, right, spectra, _plan.Rows.Length, mirrored == column);
            LeaveColumn(column, _left);
            if (mirrored != column)
            {
                LeaveColumn(mirrored, _right);
            }
        }
    }

    /// <summary>Transforms the columns and writes the conjugates of both channels' spectra, times a factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Separate(float* spectra, float factor)
    {
        int lanes = TOps.Count, rows = _plan.Rows.Length;
        for (int column = 0; column < _plan.KeptColumns; column++)
        {
            float* right = EnterColumns(column) == column ? _left : _right;
            for (int row = 0; row < rows; row++, spectra += 4 * lanes)
            {
                float* a = _left + ((long)row * _plan.Floats), b = right + ((long)((rows - row) % rows) * _plan.Floats);
                for (int lane = 0; lane < lanes; lane++)
                {
                    (float ar, float ai, float br, float bi) = (a[lane], a[lane + lanes], b[lane], b[lane + lanes]);
                    spectra[lane] = (ar + br) * (0.5f * factor);
                    spectra[lane + lanes] = (bi - ai) * (0.5f * factor);
                    spectra[lane + (2 * lanes)] = (ai + bi) * (0.5f * factor);
                    spectra[lane + (3 * lanes)] = (ar - br) * (0.5f * factor);
                }
            }
        }
    }

    /// <summary>Transforms a column and the one at the mirrored frequency; returns the latter.</summary>
    private int EnterColumns(int column)
    {
        int mirrored = (_plan.Columns.Length - column) % _plan.Columns.Length;
        Enter(column, _left);
        if (mirrored != column)
        {
            Enter(mirrored, _right);
        }

        return mirrored;
    }

    private void Enter(int column, float* to) =>
        FourierTransform<TOps, T>.Run(_plan.Rows, Elements + ((long)column * _plan.Floats), (nint)RowFloats, to, _plan.Floats, _first, _second, inverse: false);

    private void LeaveColumn(int column, float* from) =>
        FourierTransform<TOps, T>.Run(_plan.Rows, from, _plan.Floats, Elements + ((long)column * _plan.Floats), (nint)RowFloats, _first, _second, inverse: true);

    /// <summary>
    /// z = x₁ + i·x₂ has the spectra X₁ = (Z(k) + Z̄(−k))/2 and X₂ = (Z(k) − Z̄(−k))/2i; X₁W₁ + i·X₂W₂ is that of the results. Both frequencies of a pair are computed at once, in place.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products(float* left, float* right, float* spectra, int rows, bool isOwnMirror)
    {
        int lanes = TOps.Count;
        T half = TOps.Broadcast(0.5f);
        for (int row = 0; row < (isOwnMirror ? (rows / 2) + 1 : rows); row++)
        {
            float* a = left + ((long)row * 2 * lanes), b = right + ((long)(row == 0 ? 0 : rows - row) * 2 * lanes), w = spectra + ((long)row * 4 * lanes);
            T ar = TOps.Load(a), ai = TOps.Load(a + lanes), br = TOps.Load(b), bi = TOps.Load(b + lanes);
            T xr = TOps.Multiply(TOps.Add(ar, br), half), xi = TOps.Multiply(TOps.Subtract(ai, bi), half), yr = TOps.Multiply(TOps.Add(ai, bi), half), yi = TOps.Multiply(TOps.Subtract(br, ar), half);
            T ur = TOps.Load(w), ui = TOps.Load(w + lanes), vr = TOps.Load(w + (2 * lanes)), vi = TOps.Load(w + (3 * lanes));
            T pr = TOps.Subtract(TOps.Multiply(xr, ur), TOps.Multiply(xi, ui)), pi = TOps.MultiplyAdd(xr, ui, TOps.Multiply(xi, ur));
            T qr = TOps.Subtract(TOps.Multiply(yr, vr), TOps.Multiply(yi, vi)), qi = TOps.MultiplyAdd(yr, vi, TOps.Multiply(yi, vr));
            TOps.Store(a, TOps.Subtract(pr, qi));
            TOps.Store(a + lanes, TOps.Add(pi, qr));
            TOps.Store(b, TOps.Add(pr, qi));
            TOps.Store(b + lanes, TOps.Subtract(qr, pi));
        }
    }
}
