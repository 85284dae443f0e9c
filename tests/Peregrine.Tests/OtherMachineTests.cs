using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Peregrine.Tests;

/// <summary>Engine files on machines with fewer instructions than the one that built them: other kernels are selected, and results are the same within rounding.</summary>
public sealed class OtherMachineTests
{
    private const string ChildVariable = "PEREGRINE_TEST_OTHER_MACHINE";

    [Theory]
    [InlineData("avx2", false)]
    [InlineData("avx2", true)]
    [InlineData("portable", false)]
    [InlineData("portable", true)]
    public void An_engine_runs_with_fewer_instructions(string instructions, bool isDynamic)
    {
        string folder = Directory.CreateTempSubdirectory("peregrine-machine-").FullName;
        try
        {
            string path = Path.Combine(folder, "images.engine"), result = Path.Combine(folder, "result.bin"), told = Path.Combine(folder, "told.txt");
            float[] here;
            bool isGenerated;
            using (Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 2).Deterministic().Build(ImageNetwork.Create(isDynamic)))
            {
                here = Probabilities(engine);
                isGenerated = engine.Content.Plan.AllSteps.OfType<Runtime.Planning.KernelStep>().Any(s => s.Tactic.Name is "cpu.convolution.winograd" or "cpu.convolution.direct");
                engine.Save(path);
            }

            ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            {
                start.ArgumentList.Add(typeof(OtherMachineTests).Assembly.Location);
            }

            start.ArgumentList.Add("-method");
            start.ArgumentList.Add($"{typeof(OtherMachineTests).FullName}.{nameof(The_other_machine)}");
            start.Environment[ChildVariable] = $"{path}|{result}|{told}";
            start.Environment["PEREGRINE_ISA"] = instructions;
            using Process child = Process.Start(start)!;
            string output = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            Assert.True(child.ExitCode == 0, output);
            float[] there = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(result)).ToArray();
            Assert.Equal(here.Length, there.Length);
            for (int i = 0; i < here.Length; i++)
            {
                Assert.Equal(here[i], there[i], 1e-5f);
            }

            // A machine that generates nothing itself has lost nothing.
            Assert.True(!isGenerated || instructions != "portable" || File.ReadAllLines(told).Length > 0, "Nothing was told of kernels that this machine cannot run.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Does nothing unless <see cref="An_engine_runs_with_fewer_instructions"/> has started this process.</summary>
    [Fact]
    public void The_other_machine()
    {
        if (Environment.GetEnvironmentVariable(ChildVariable)?.Split('|') is [string path, string result, string told])
        {
            using Engine engine = Engine.Load(path, 2);
            File.WriteAllBytes(result, MemoryMarshal.AsBytes<float>(Probabilities(engine)).ToArray());
            File.WriteAllLines(told, engine.Reselected);
        }
    }

    private static float[] Probabilities(Engine engine)
    {
        using InferenceContext context = engine.CreateContext();
        float[] image = [.. Enumerable.Range(0, 3 * 32 * 32).Select(i => MathF.Sin(i * 0.37f))];
        context.Input<float>("image", [1, 3, 32, 32]).CopyFrom(image);
        context.Run();
        return context.Output<float>("probabilities").ToArray();
    }
}
