namespace Peregrine.CodeGen.X64;

/// <summary>
/// The operations of a kernel program. D is the destination, A, B, C the sources, M the memory operand, I the immediate, S the selector. "D op= A" reads and writes D.
/// Vector operations work on each lane; float rules are those of SSE with MXCSR as the runtime
/// leaves it: round to nearest even, denormals kept.
/// </summary>
public enum Opcode
{
    /// <summary>No operation.</summary>
    None,

    // Structure.
    /// <summary>Begins a loop: D -= I; if S is 1 and D is negative, the loop is skipped. D is the counter.</summary>
    LoopBegin,
    /// <summary>Ends a loop: D -= I; again while D is not negative.</summary>
    LoopEnd,
    /// <summary>Begins a block that runs if A compares with B (or I where B is none) as <see cref="Condition"/> S says.</summary>
    WhenBegin,
    /// <summary>Ends the innermost conditional block.</summary>
    WhenEnd,

    // Integers, 64 bits, wrapping.
    /// <summary>D = argument number I.</summary>
    Argument,
    /// <summary>D = I.</summary>
    Integer,
    /// <summary>D = A.</summary>
    MoveInteger,
    /// <summary>D += A.</summary>
    AddInteger,
    /// <summary>D += I, 32-bit signed.</summary>
    AddImmediate,
    /// <summary>D -= A.</summary>
    SubtractInteger,
    /// <summary>D *= A.</summary>
    MultiplyInteger,
    /// <summary>D = A · I, 32-bit signed.</summary>
    MultiplyImmediate,
    /// <summary>D &amp;= I, 32-bit signed.</summary>
    AndImmediate,
    /// <summary>D &lt;&lt;= I.</summary>
    ShiftLeftInteger,
    /// <summary>D &gt;&gt;= I, arithmetic.</summary>
    ShiftRightInteger,
    /// <summary>D = min(D, A), signed.</summary>
    MinInteger,
    /// <summary>D = max(D, A), signed.</summary>
    MaxInteger,
    /// <summary>D = address of M.</summary>
    Address,
    /// <summary>D = 64-bit integer or pointer at M.</summary>
    LoadInteger64,
    /// <summary>D = 32-bit integer at M, sign-extended.</summary>
    LoadInteger32,
    /// <summary>Fetches the line at M into the caches; never faults.</summary>
    Prefetch,

    // Vectors: constants, moves, memory.
    /// <summary>Each lane of D = the 32 bits of I.</summary>
    Constant,
    /// <summary>D = A.</summary>
    Move,
    /// <summary>D = the vector at M. With a mask: other lanes are 0 and not touched in memory. So are the further loads.</summary>
    Load,
    /// <summary>Each lane of D = the dword at M.</summary>
    LoadBroadcast,
    /// <summary>D = zero-extended bytes at M.</summary>
    LoadU8,
    /// <summary>D = sign-extended bytes at M.</summary>
    LoadS8,
    /// <summary>D = zero-extended words at M.</summary>
    LoadU16,
    /// <summary>D = sign-extended words at M.</summary>
    LoadS16,
    /// <summary>D = half-precision floats at M as floats.</summary>
    LoadF16,
    /// <summary>The vector at M = A. With a mask: other lanes are not touched. So are the further stores.</summary>
    Store,
    /// <summary>The dword at M = lane 0 of A.</summary>
    StoreLane0,
    /// <summary>Bytes at M = A saturated as signed dwords to −128..127.</summary>
    StoreS8,
    /// <summary>Bytes at M = A saturated as <i>unsigned</i> dwords to 0..255: clamp negative numbers first.</summary>
    StoreU8,
    /// <summary>Words at M = the low halves of A's dwords.</summary>
    StoreLow16,
    /// <summary>Words at M = A rounded to bfloat16 (nearest even; denormals become zeros of their sign; NaNs stay NaNs).</summary>
    StoreBf16,
    /// <summary>Words at M = A rounded to half precision (nearest even).</summary>
    StoreF16,

    // Vectors: float arithmetic.
    /// <summary>D += A · B, rounded once.</summary>
    Fma,
    /// <summary>D -= A · B, rounded once.</summary>
    FmaNegated,
    /// <summary>D = A · B + C, rounded once.</summary>
    MultiplyAdd,
    /// <summary>D = C − A · B, rounded once.</summary>
    NegatedMultiplyAdd,
    /// <summary>D += A · the vector at M.</summary>
    FmaLoad,
    /// <summary>D += A · the float at M. Costs throughput where the same broadcast could feed several.</summary>
    FmaBroadcast,
    /// <summary>D = A + B.</summary>
    Add,
    /// <summary>D = A − B.</summary>
    Subtract,
    /// <summary>D = A · B.</summary>
    Multiply,
    /// <summary>D = A / B.</summary>
    Divide,
    /// <summary>D = A &lt; B ? A : B: B where either is NaN or both are zero.</summary>
    Min,
    /// <summary>D = A &gt; B ? A : B: B where either is NaN or both are zero.</summary>
    Max,
    /// <summary>D = √A.</summary>
    SquareRoot,
    /// <summary>D = A rounded to an integer as <see cref="RoundingMode"/> S says.</summary>
    Round,
    /// <summary>D = A · 2^B, rounded once, for |A| in 0.5..4 or NaN and whole B in −250..250; with AVX-512 A · 2^⌊B⌋ for every B, else unspecified for others.</summary>
    ScaleByPowerOfTwo,
    /// <summary>D = A + B, rounded down. Needs AVX-512.</summary>
    AddDown,
    /// <summary>D = A − ⌊32·A⌋ / 32, rounded down; 0 of infinite ones. Needs AVX-512.</summary>
    Above32nd,
    /// <summary>D = float of the signed dword A.</summary>
    ConvertS32ToF32,
    /// <summary>D = signed dword of A, nearest even; 0x80000000 where it does not fit.</summary>
    ConvertF32ToS32,
    /// <summary>D = signed dword of A, towards zero; 0x80000000 where it does not fit.</summary>
    TruncateF32ToS32,

    // Vectors: dwords.
    /// <summary>D = A &amp; B.</summary>
    And,
    /// <summary>D = A | B.</summary>
    Or,
    /// <summary>D = A ^ B.</summary>
    Xor,
    /// <summary>D = ~A &amp; B.</summary>
    AndNot,
    /// <summary>D = A + B, wrapping.</summary>
    AddS32,
    /// <summary>D = A − B, wrapping.</summary>
    SubtractS32,
    /// <summary>D = low dword of A · B.</summary>
    MultiplyS32,
    /// <summary>D = min(A, B), signed.</summary>
    MinS32,
    /// <summary>D = max(A, B), signed.</summary>
    MaxS32,
    /// <summary>D = A &lt;&lt; I.</summary>
    ShiftLeft,
    /// <summary>D = A &gt;&gt;&gt; I.</summary>
    ShiftRight,
    /// <summary>D = A &gt;&gt; I, arithmetic.</summary>
    ShiftRightArithmetic,
    /// <summary>D's lane i = A's lane (i xor S), S a power of two below the lane count.</summary>
    LaneXor,
    /// <summary>D = the dword of the program's table I whose number is in A's lowest five bits.</summary>
    LookUp,

    // Vectors: dot products.
    /// <summary>D += the two products of A's and B's bfloat16 pairs, as vdpbf16ps rounds them (needs AVX512_BF16).</summary>
    DotBf16,
    /// <summary>D += the four products of A's unsigned and B's signed bytes, wrapping (needs AVX512_VNNI or AVX_VNNI).</summary>
    DotU8S8,

    // Masks.
    /// <summary>D = the first A lanes, A in 0..Lanes.</summary>
    TailMask,
    /// <summary>D = the first I lanes.</summary>
    MaskConstant,
    /// <summary>D = lanes where A compares with B as <see cref="FloatComparison"/> S says.</summary>
    CompareF32,
    /// <summary>D = lanes where A = B as dwords.</summary>
    CompareEqualS32,
    /// <summary>D = lanes where A &gt; B as signed dwords.</summary>
    CompareGreaterS32,
    /// <summary>D = A and B.</summary>
    MaskAnd,
    /// <summary>D = A or B.</summary>
    MaskOr,
    /// <summary>D = not A.</summary>
    MaskNot,
    /// <summary>D = C ? A : B, C a mask.</summary>
    Select,

    /// <summary>D += the stack slot I.</summary>
    AddSlot,
    /// <summary>The stack slot I = A. The slots that a program has asked for come first, those of spilled values follow.</summary>
    SpillStore,

    // Only after legalisation or spilling.
    /// <summary>D = the stack slot I.</summary>
    SpillLoad,
    /// <summary>D = address of the pool entry I, plus S bytes.</summary>
    PoolAddress,
    /// <summary>D = the vector in the pool entry I.</summary>
    PoolVector,
    /// <summary>D = D's lowest A bits.</summary>
    KeepLowBits,
    /// <summary>D = the lowest bits of the integer A.</summary>
    MaskFromInteger,
    /// <summary>D = A's bytes permuted within 16-byte groups by B.</summary>
    PermuteBytes,
    /// <summary>D = A's dwords permuted by B.</summary>
    PermuteDwords,
    /// <summary>D = the dwords of the pool entry I, 32 bytes, that A's lowest three bits number.</summary>
    PermutePool,
    /// <summary>D = the dwords of D and the pool entry I, 64 bytes, one behind the other, that A's lowest five bits number.</summary>
    PermuteWithPool,
    /// <summary>D = A rounded to bfloat16, packed into the lower half.</summary>
    ConvertF32ToBf16,
    /// <summary>Words at M = the lower half of A, under a mask of words.</summary>
    StoreLowerHalf,
    /// <summary>8 bytes at M = the lowest of A.</summary>
    StoreLow64,
    /// <summary>16 bytes at M = the lowest of A.</summary>
    StoreLow128,
    /// <summary>D = min(A, B), unsigned.</summary>
    MinU32,
}

/// <summary>Signed comparison of integers.</summary>
public enum Condition
{
    /// <summary>=</summary>
    Equal,
    /// <summary>≠</summary>
    NotEqual,
    /// <summary>&lt;</summary>
    Less,
    /// <summary>≤</summary>
    LessOrEqual,
    /// <summary>&gt;</summary>
    Greater,
    /// <summary>≥</summary>
    GreaterOrEqual,
}

/// <summary>Comparison of floats; the values are those of <c>vcmpps</c>, the quiet ones.</summary>
public enum FloatComparison
{
    /// <summary>Equal and neither is NaN.</summary>
    Equal = 0x00,
    /// <summary>One is NaN.</summary>
    Unordered = 0x03,
    /// <summary>Not equal, or one is NaN.</summary>
    NotEqual = 0x04,
    /// <summary>Neither is NaN.</summary>
    Ordered = 0x07,
    /// <summary>Less and neither is NaN.</summary>
    Less = 0x11,
    /// <summary>Less or equal and neither is NaN.</summary>
    LessOrEqual = 0x12,
    /// <summary>Greater or equal and neither is NaN.</summary>
    GreaterOrEqual = 0x1D,
    /// <summary>Greater and neither is NaN.</summary>
    Greater = 0x1E,
}

/// <summary>Rounding to an integer; the values are those of <c>roundps</c>.</summary>
public enum RoundingMode
{
    /// <summary>To nearest, ties to even.</summary>
    NearestEven = 0,
    /// <summary>Towards −∞.</summary>
    Down = 1,
    /// <summary>Towards +∞.</summary>
    Up = 2,
    /// <summary>Towards zero.</summary>
    Truncate = 3,
}
