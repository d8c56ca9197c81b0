using EsoCore.Benchmarks.Chaos;
using EsoCore.Benchmarks.Server;
using EsoCore.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace EsoCore.Tests.Kill;

/// <summary>
/// kill -9 of the server at random moments under load. Nothing acknowledged is missing, nothing is stored twice, the twins agree with
/// the store, and what the assets and the site count agrees with the events: at least once made exactly once.
/// </summary>
public class KillTests(ITestOutputHelper output)
{
    private const int Kills = 24;
    private const int Devices = 6;
    private const int RecordsABatch = 60;

    /// <summary>Of when the kills come, in requests; where in a request they fall differs from run to run all the same.</summary>
    private const int Seed = 24;

    [Fact]
    public async Task Kill_AtRandomMomentsUnderLoad_LosesAndDoublesNothing()
    {
        var data = Directory.CreateTempSubdirectory("esocore-kill-").FullName;
        using var silo = new ServerProcess(data);
        await silo.Start();
        var project = await SeededProject.Create(silo.Url, Devices);
        var load = new VerifiedLoad([silo.Url], project, RecordsABatch);
        var random = new Random(Seeded.Or(Seed));
        var uploads = project.DeviceIds.Select(device => load.Run(device)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            // The moment is drawn in requests, so that it falls anywhere inside a request, a commit or an answer.
            await load.Requests(random.Next(1, 40));
            silo.Kill();
            await silo.Start();
            load.Restarted();
        }

        load.Finish();
        await Task.WhenAll(uploads);
        output.WriteLine($"{Kills} kills, {load.Acknowledged} batches acknowledged, {load.Retries} re-sent, {load.Replayed} answered by the ledger");
        Assert.True(load.Retries > 0, "No request was ever cut: the test did not test.");
        var check = new StoreCheck(project, load);
        await check.Stored();
        await check.Counted();
        // One kill more with everything delivered: whatever was still unconfirmed is sent again before the cycle that follows, so a
        // repeat that counts twice shows in the sums after it.
        silo.Kill();
        await silo.Start();
        foreach (var id in project.DeviceIds)
            await load.OneMoreCycle(id);
        await check.Counted();
        Assert.True(check.Differences.Count == 0, $"{string.Join("\n", check.Differences)}\n{silo.Log}");
        silo.Dispose();
        Directory.Delete(data, recursive: true);
    }
}
