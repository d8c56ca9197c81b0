using EsoCore.Device;
using EsoCore.Silo.Demo;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class DemoFileTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("esocore-demo-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public void OpenCycle_AfterARestart_IsTheOneThatWasKeptLast()
    {
        var (door, pump) = (Guid.NewGuid(), Guid.NewGuid());
        var cycle = new OpenCycle("DOOR-1-5f-2", new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));
        var file = new DemoFile(_data);
        file.KeepOpenCycle(door, cycle with { Id = "DOOR-1-5f-1" });
        file.KeepOpenCycle(door, cycle);
        file.KeepOpenCycle(pump, cycle);
        file.KeepOpenCycle(pump, null);

        var again = new DemoFile(_data);
        Assert.Equal(cycle, again.OpenCycle(door));
        Assert.Null(again.OpenCycle(pump));
    }

    [Fact]
    public void OpenCycle_OfADamagedFile_IsNone()
    {
        File.WriteAllText(Path.Combine(_data, "demo-cycles.json"), "{");
        var file = new DemoFile(_data);
        Assert.Null(file.OpenCycle(Guid.NewGuid()));
        file.KeepOpenCycle(Guid.NewGuid(), null);
        Assert.Equal("{}\n", File.ReadAllText(Path.Combine(_data, "demo-cycles.json")));
    }
}
