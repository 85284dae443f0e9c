using Peregrine.Backends.Cpu.Workers;

namespace Peregrine.Backends.Cpu.Tests.Workers;

public sealed class ProcessorQuotaTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("peregrine").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Version_2_reads_the_own_group_and_its_parents()
    {
        Put("proc/self/cgroup", "0::/system.slice/web/worker\n");
        Put("proc/self/mountinfo", "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
        Put("sys/fs/cgroup/system.slice/web/worker/cpu.max", "max 100000\n");
        Put("sys/fs/cgroup/system.slice/web/cpu.max", "350000 100000\n");
        Put("sys/fs/cgroup/system.slice/cpu.max", "800000 100000\n");
        ProcessorQuota quota = ProcessorQuota.Read(_root, 16);
        Assert.Equal(3.5, quota.Quota);
        Assert.Equal(4, quota.Workers);
    }

    [Fact]
    public void Version_2_in_a_container_reads_the_mount_point()
    {
        Put("proc/self/cgroup", "0::/\n");
        Put("proc/self/mountinfo", "29 22 0:26 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
        Put("sys/fs/cgroup/cpu.max", "50000 100000\n");
        ProcessorQuota quota = ProcessorQuota.Read(_root, 8);
        Assert.Equal(0.5, quota.Quota);
        Assert.Equal(1, quota.Workers);
    }

    [Theory]
    [InlineData("/docker/abc")]
    [InlineData("/")]
    [InlineData("/docker")]
    public void Version_1_finds_its_group_whatever_part_is_mounted(string mountedRoot)
    {
        string below = "/docker/abc"[(mountedRoot == "/" ? 0 : mountedRoot.Length)..];
        Put("proc/self/cgroup", "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
        Put("proc/self/mountinfo",
            $"31 30 0:27 {mountedRoot} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n32 30 0:28 {mountedRoot} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
        Put($"sys/fs/cgroup/cpu,cpuacct{below}/cpu.cfs_quota_us", "240000\n");
        Put($"sys/fs/cgroup/cpu,cpuacct{below}/cpu.cfs_period_us", "100000\n");
        ProcessorQuota quota = ProcessorQuota.Read(_root, 8);
        Assert.Equal(2.4, quota.Quota);
        Assert.Equal(2, quota.Workers);
    }

    [Theory]
    [InlineData("-1", "100000")]
    [InlineData("0", "100000")]
    [InlineData("100000", "0")]
    [InlineData("99999999999999999999", "100000")]
    [InlineData("text", "")]
    public void No_limit_or_nonsense_is_no_limit(string time, string period)
    {
        Put("proc/self/cgroup", "1:cpu:/\n0::/\nnonsense\n:::\n");
        Put("proc/self/mountinfo", "x\n - \n31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
        Put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", time);
        Put("sys/fs/cgroup/cpu/cpu.cfs_period_us", period);
        Put("sys/fs/cgroup/unified/cpu.max", $"{time} {period}");
        ProcessorQuota quota = ProcessorQuota.Read(_root, 8);
        Assert.Null(quota.Quota);
        Assert.Equal(8, quota.Workers);
    }

    [Theory]
    [InlineData("0-3", 4, 4)]
    [InlineData("0,2,4-5", 4, 4)]
    [InlineData("0-63", 64, 8)]
    [InlineData("7", 1, 1)]
    [InlineData("5-2", null, 8)]
    [InlineData("", null, 8)]
    public void The_affinity_mask_counts(string list, int? expected, int workers)
    {
        Put("proc/self/status", $"Name:\tdotnet\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\n");
        ProcessorQuota quota = ProcessorQuota.Read(_root, 8);
        Assert.Equal(expected, quota.AffinityProcessors);
        Assert.Equal(workers, quota.Workers);
    }

    [Fact]
    public void Nothing_to_read_means_all_processors() => Assert.Equal(new ProcessorQuota(8, null, null), ProcessorQuota.Read(_root, 8));

    [Fact]
    public void This_machine_grants_between_one_and_all_processors() => Assert.InRange(ProcessorQuota.Detect().Workers, 1, Environment.ProcessorCount);

    private void Put(string path, string text)
    {
        string full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
