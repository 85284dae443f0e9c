using Peregrine.Cli.Inputs;
using Peregrine.Cli.Options;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Cli.Tests;

/// <summary>What is fed where nobody, or somebody only in part, says what.</summary>
public sealed class InputRequestTests(Workplace place)
{
    private static readonly EngineBinding[] Inputs =
    [
        new("tokens", new TensorType(DataType.Int64, Shape.Create([Dim.Symbol("batch"), Dim.Symbol("length")]))),
        new("mask", new TensorType(DataType.Float32, Shape.Create([Dim.Symbol("batch"), Dim.Symbol("length"), 5000]))),
        new("half", new TensorType(DataType.BFloat16, Shape.Create([Dim.Symbol("length") * 2]))),
    ];

    [Fact]
    public void Open_dimensions_are_one_and_floats_are_normal()
    {
        object[] values = Request().Create(Inputs);
        Assert.Equal("s64[1,1]", values[0].ToString());
        Assert.Equal(0, ((Tensor)values[0]).Span<long>()[0]);
        float[] mask = ((Tensor)values[1]).Span<float>().ToArray();
        Assert.Equal(5000, mask.Length);
        // The mean of 5000 is within 5 of its standard deviations (1/√5000), the variance within 5 of its own (√(2/5000)).
        Assert.Equal(0, mask.Average(), 0.071f);
        Assert.Equal(1, mask.Average(x => x * x), 0.1f);
    }

    [Fact]
    public void A_given_shape_decides_the_same_symbols_elsewhere()
    {
        object[] values = Request(shapes: ["tokens=3x4"]).Create(Inputs);
        Assert.Equal(["s64[3,4]", "f32[3,4,5000]", "bf16[8]"], values.Select(v => v.ToString()));
        Assert.NotEqual(values[1], Request(shapes: ["tokens=3x4"], seed: 1).Create(Inputs)[1]);
        Assert.Equal(values[1], Request(shapes: ["tokens=3x4"]).Create(Inputs)[1]);
    }

    [Fact]
    public void Files_decide_too_and_narrow_types_are_narrowed()
    {
        NumpyFile.Write(place.At("half.npy"), Tensor.Vector(1f, 2.5f, -3f, 0f));
        NumpyFile.Write(place.At("tokens.npy"), Tensor.Of([1, 2], [7L, 8L]));
        object[] values = new InputRequest(new Dictionary<string, string> { ["half"] = place.At("half.npy"), ["tokens"] = place.At("tokens.npy") }, ShapeText.ParseShapes([]), 0).Create(Inputs);
        Assert.Equal(["s64[1,2]", "f32[1,2,5000]", "bf16[4]"], values.Select(v => v.ToString()));
        Assert.Equal([1f, 2.5f, -3f, 0f], WiderForms.Widen(Tensor.Vector(1f, 2.5f, -3f, 0f)).Span<float>().ToArray());
        Assert.Equal(DataType.Int8, WiderForms.Narrow(Tensor.Vector<sbyte>(1), DataType.Float32).Type);
        Assert.Equal("f8e4m3fn[1]", WiderForms.Narrow(WiderForms.Widen(new(DataType.Float8E4M3FN, [1], new byte[] { 0x38 })), DataType.Float8E4M3FN).ToString());
    }

    [Fact]
    public void Unknown_names_and_unknown_ranks_are_refused()
    {
        Assert.Contains("\"nothing\"", Assert.Throws<BindingException>(() => Request(shapes: ["nothing=1"]).Create(Inputs)).Message, StringComparison.Ordinal);
        EngineBinding[] any = [new("any", new TensorType(DataType.Float32, Shape.Unranked))];
        Assert.Contains("--shape any=", Assert.Throws<BindingException>(() => Request().Create(any)).Message, StringComparison.Ordinal);
        Assert.Equal("f32[2]", Request(shapes: ["any=2"]).Create(any)[0].ToString());
        Assert.Equal("f32[]", Request(shapes: ["any="]).Create(any)[0].ToString());
    }

    [Fact]
    public void Profiles_are_read()
    {
        (string input, long[] min, long[] opt, long[] max) = ShapeText.ParseProfile("data:0:opt=2x3,min=1x3,max=9x3");
        Assert.Equal("data:0", input);
        Assert.Equal([1, 3], min);
        Assert.Equal([2, 3], opt);
        Assert.Equal([9, 3], max);
        Assert.All((string[])["x:min=1", "x:min=1,min=1,max=1", "x", ":min=1,opt=1,max=1", "x:min=a,opt=1,max=1"], text => Assert.Throws<UsageException>(() => ShapeText.ParseProfile(text)));
    }

    [Fact]
    public void Output_names_become_distinct_safe_file_names() =>
        Assert.Equal(["a_b.npy", "a_b_2.npy", "_etc_passwd.npy", "output.npy", "y.npy"], OutputFiles.Names(["a/b", "a:b", "../etc/passwd", "..", "y"]));

    private static InputRequest Request(string[]? shapes = null, int seed = 0) => new(new Dictionary<string, string>(), ShapeText.ParseShapes(shapes ?? []), seed);
}
