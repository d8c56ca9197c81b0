using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Benchmarks.Twins;

/// <summary>Bytes of managed memory that an idle device twin takes, all included: activation, catalog entry, registration, twin.</summary>
internal static class TwinBenchmark
{
    private const int Devices = 100_000;
    private const int CallsAtOnce = 256;

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var devices = arguments.Get("devices", Devices);
        var before = ManagedMemory.Settled();
        var trees = Enumerable.Range(0, devices / 10).Select(i => JsonNode.Parse(GeneratedDevices.Twin(i, alike: true))).ToArray();
        var naive = (ManagedMemory.Settled() - before) / (devices / 10.0);
        GC.KeepAlive(trees);
        trees = [];
        var alike = await Measure(devices, alike: true);
        var own = await Measure(devices, alike: false);
        var text = new StringBuilder()
            .AppendLine("# Idle device twins").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {arguments.Get("date")}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- twin`: {devices:N0} devices with 8 series each, activated and idle.").AppendLine()
            .AppendLine("| what | bytes a device | ratio |").AppendLine("|---|---:|---:|")
            .AppendLine($"| the twin's document parsed into a tree of JSON nodes (baseline) | {naive:N0} | 1.00 |")
            .AppendLine($"| an idle device twin, activation and registration included: a fleet whose series and files are named alike | {alike:N0} | {alike / naive:N2} |")
            .AppendLine($"| the same, each device with an asset and file names of its own, so that nothing of them is shared | {own:N0} | {own / naive:N2} |")
            .AppendLine().AppendLine($"Aim: under 1,024 bytes. Alike: {Verdict(alike)}; each its own: {Verdict(own)}.").ToString();
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write("twin.md", text);
        return 0;
    }

    private static string Verdict(double bytes) => bytes < 1_024 ? "reached" : "missed";

    private static async Task<double> Measure(int devices, bool alike)
    {
        var store = new GeneratedDevices(alike);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureHost(host =>
        {
            host.Services.AddSingleton<IDeviceStore>(store);
            host.Services.AddSingleton<IResourceStore>(new NoResources());
            host.Services.AddSingleton(System.Reflection.DispatchProxy.Create<IProjectStore, Unused>());
            host.Services.AddSingleton(System.Reflection.DispatchProxy.Create<IInstallationKeys, Unused>());
            host.Services.AddEsoCoreGrains();
        });
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddGrainAssembly(typeof(GrainServices).Assembly);
            silo.AddMemoryGrainStorage(StateStorageAdapter.Name);
            silo.UseInMemoryReminderService();
            silo.AddTransitionStreams();
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync();
        await Activate(cluster.GrainFactory, devices, 1_000);
        var before = ManagedMemory.Settled();
        await Activate(cluster.GrainFactory, 1_000, devices);
        return (ManagedMemory.Settled() - before) / (double)devices;
    }

    private static async Task Activate(IGrainFactory grains, int from, int count)
    {
        for (var i = from; i < from + count; i += CallsAtOnce)
        {
            await Task.WhenAll(Enumerable.Range(i, Math.Min(CallsAtOnce, from + count - i)).Select(async n =>
            {
                var twin = await grains.GetGrain<IDeviceGrain>(GeneratedDevices.IdOf(n).ToString("D")).GetTwin(GeneratedDevices.Scope);
                if (twin?.Series.Length != 8)
                    throw new InvalidOperationException("The twin did not load.");
            }));
        }
    }

    /// <summary>A port that idle twins never call.</summary>
    private class Unused : System.Reflection.DispatchProxy
    {
        protected override object Invoke(System.Reflection.MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException();
    }
}
