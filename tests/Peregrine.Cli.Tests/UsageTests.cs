namespace Peregrine.Cli.Tests;

/// <summary>Mistakes of the command line: exit code 2 and a word on what to do.</summary>
public sealed class UsageTests(Workplace place)
{
    [Theory]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("run", "ENGINE|MODEL.onnx")]
    [InlineData("run MODEL --wrong", "--wrong")]
    [InlineData("build MODEL", "--output")]
    [InlineData("build MODEL -o OUT --precision int8", "not available yet")]
    [InlineData("build MODEL -o OUT --precision fp8", "there are fp32")]
    [InlineData("build MODEL -o OUT --calibrate x.npy", "--calibrate is not available yet")]
    [InlineData("build MODEL -o OUT --calibrator entropy", "--calibrator is not available yet")]
    [InlineData("build MODEL -o OUT --calibration-cache c", "--calibration-cache is not available yet")]
    [InlineData("build MODEL -o OUT --workspace lots", "512MiB")]
    [InlineData("build MODEL -o OUT --workspace -1", "512MiB")]
    [InlineData("bench kernel", "KERNEL")]
    [InlineData("bench kernel", "peregrine bench kernel --help")]
    [InlineData("bench MODEL --threads x", "'--threads' as a whole number")]
    [InlineData("bench MODEL --warmup x", "'--warmup' as a number")]
    [InlineData("bench kernel conv", "gemm f32 m=512")]
    [InlineData("bench kernel conv+f32+k=3", "gemm f32 m=512")]
    [InlineData("build MODEL -o OUT --level 6", "0 to 5")]
    [InlineData("build MODEL -o OUT --level high", "high")]
    [InlineData("build MODEL -o OUT --disable NoSuchPass", "NoSuchPass")]
    [InlineData("build MODEL -o OUT --shape image", "NAME=1x3x224x224")]
    [InlineData("build MODEL -o OUT --profile image:min=1x1x8x8", "min=1x3x8x8")]
    [InlineData("run MODEL --input image.npy", "NAME=FILE.npy")]
    [InlineData("run MODEL --input image=cat.png", ".npy")]
    [InlineData("run MODEL --threads 0", "--threads")]
    [InlineData("bench MODEL --streams 0", "--streams")]
    [InlineData("bench MODEL --iterations 0", "--iterations")]
    [InlineData("conformance . --backend gpu", "reference and cpu")]
    [InlineData("conformance . --backend reference --require-tactic x", "--require-tactic")]
    [InlineData("inspect ENGINE --capability", "--capability")]
    [InlineData("compare ENGINE --against reference", "ONNX model")]
    [InlineData("convert MODEL", "--output")]
    [InlineData("convert ENGINE -o OUT", "is an engine")]
    [InlineData("convert MODEL -o OUT --opset 6", "13 to 28")]
    [InlineData("convert MODEL -o OUT --disable FoldConstants", "needs --optimize")]
    [InlineData("convert MODEL -o OUT --optimize --disable NoSuchPass", "NoSuchPass")]
    public void Mistakes_are_explained(string line, string part)
    {
        string target = place.At("usage.out");
        IEnumerable<string> arguments = line.Split(' ').Select(a => a switch { "MODEL" => Workplace.Model, "ENGINE" => place.EngineFile, "OUT" => target, _ => a });
        CliProcess.Run(arguments).ExpectMessage(2, part);
        Assert.False(File.Exists(target));
    }

    [Theory]
    [InlineData("demo", "")]
    [InlineData("build", "--output --precision --calibrate --calibrator --calibration-cache --profile --shape --workspace --timing-cache --threads --level --report --deterministic --tactics --disable --verbose -vv --stop-after-patch --verify")]
    [InlineData("run", "--input --shape --seed --output")]
    [InlineData("bench", "--input --shape --threads --streams --iterations --duration --warmup --precision --layers --memory --json")]
    [InlineData("bench kernel", "--threads --cold --json")]
    [InlineData("inspect", "--json --capability")]
    [InlineData("conformance", "--backend --models --filter --level --rtol --atol --precision --require-tactic --json")]
    [InlineData("compare", "--against --precision")]
    [InlineData("convert", "--output --optimize --opset --shape --disable --verbose -vv")]
    public void Help_explains_every_option(string command, string options)
    {
        string help = CliProcess.Run([.. command.Split(' '), "--help"]).Expect(0).Output;
        Assert.Contains($"peregrine {command} ", help, StringComparison.Ordinal);
        Assert.Contains("Examples:", help, StringComparison.Ordinal);
        foreach (string option in options.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string? line = help.Split('\n').FirstOrDefault(l => l.TrimStart().StartsWith(option, StringComparison.Ordinal) || l.Contains($", {option} ", StringComparison.Ordinal));
            Assert.True(line is not null, $"{option} is missing:\n{help}");
            // The option, its value's form, and at least a few words on what it does.
            Assert.True(line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length >= 4, line);
        }
    }

    [Fact]
    public void The_root_lists_the_commands()
    {
        string help = CliProcess.Run("--help").Expect(0).Output;
        foreach (string command in (string[])["demo", "build", "run", "bench", "inspect", "conformance", "compare", "convert"])
        {
            Assert.Contains($"\n  {command} ", help, StringComparison.Ordinal);
        }
    }
}
