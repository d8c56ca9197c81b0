using EsoCore.Assets;
using EsoCore.Config;
using EsoCore.Device;
using EsoCore.Devices;
using EsoCore.Projects;
using EsoCore.Sites;

namespace EsoCore.Silo.Demo;

/// <summary>Makes the demo's project with sites, assets, config profiles and devices. A start that was cut off is finished by the next one.</summary>
internal sealed class DemoProject(IGrainFactory grains, DemoFile file)
{
    /// <summary>Simulated devices.</summary>
    public const int Devices = 6;

    private const string ProjectName = "Demo Project";

    private static readonly (string Id, string Name, string Address)[] Sites =
    [
        (FleetProvisioner.SiteId, "Main hall", "1 Foundry Road"),
        ("north-dock", "North dock", "14 Harbour Lane"),
    ];

    public async Task<DemoState> Make(string url)
    {
        var state = file.Read() is { } known && await IsOurs(known) ? known : await MakeProject();
        file.Write(state, url);
        foreach (var (id, name, address) in Sites)
            await Site(state, id).Put(new SiteDefinition(name, address, "UTC", null), expectedVersion: null, onlyCreate: true);
        await MakeProfiles(state);
        for (var i = state.Devices.Count; i < Devices; i++)
        {
            state.Devices.Add(await MakeDevice(state, i));
            file.Write(state, url); // At once: a device's secret is told only now.
        }

        return state;
    }

    private async Task<bool> IsOurs(DemoState state) =>
        await grains.GetGrain<IProjectGrain>(state.ProjectId.ToString("D")).Get() is not null
        && await grains.GetGrain<ICredentialGrain>(ICredentialGrain.Key).FindKey(state.ProjectKeyId) is not null;

    private async Task<DemoState> MakeProject()
    {
        var created = await grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject(ProjectName);
        return new DemoState(created.Project.Id, created.Key.Id, created.Key.Secret, []);
    }

    private async Task MakeProfiles(DemoState state)
    {
        var doors = new ConfigSettings(
            SamplingRates: Map(("motor_torque", 10), ("vibration_rms", 4), ("temp_ambient", 0.2)),
            WindowSizes: Map(("vibration", 4)),
            Thresholds: ImmutableSortedDictionary<string, JsonText>.Empty.Add("over_torque_nm", new JsonText("35")),
            UploadIntervalS: (int)DemoFleet.UploadEvery.TotalSeconds);
        var machines = doors with { SamplingRates = Map(("motor_current", 10), ("vibration_rms", 10), ("temp_ambient", 0.2)), Thresholds = null };
        foreach (var (model, settings) in new[] { ("DOOR-LOGGER", doors), ("MACHINE-LOGGER", machines) })
        {
            var profile = grains.GetGrain<IConfigProfileGrain>($"{state.ProjectId:D}/{model}");
            if (await profile.Get() is null)
                await profile.Put(settings, expectedVersion: null);
        }
    }

    private async Task<DemoDevice> MakeDevice(DemoState state, int index)
    {
        var (kind, assetId) = FleetProvisioner.MachineOf(index);
        var site = Sites[index % Sites.Length].Id;
        var machine = kind.ToString().ToLowerInvariant();
        var tags = ImmutableSortedDictionary<string, string>.Empty.Add("simulated", "true").Add("machine", machine);
        await grains.GetGrain<IAssetGrain>($"{state.ProjectId:D}/{assetId}").Put(
            new AssetDefinition(site, machine, "EsoCore", "Demo", null, null, null, ImmutableSortedDictionary<string, string>.Empty, true),
            expectedVersion: null,
            onlyCreate: true);
        var project = grains.GetGrain<IProjectGrain>(state.ProjectId.ToString("D"));
        // The second serial is for a start that was cut off after the device was made and before its secret was written down.
        foreach (var serial in new[] { $"DEMO-{index + 1:D3}", $"DEMO-{index + 1:D3}-{Guid.NewGuid():N}" })
        {
            var model = kind == MachineKind.Door ? "DOOR-LOGGER" : "MACHINE-LOGGER";
            var result = await project.CreateDevice(new NewDevice(serial, model, site, tags, DeviceStatus.Active, SignatureRequired: false));
            if (result.Outcome == EditOutcome.Created)
            {
                var (device, key) = result.Current!.Value;
                return new DemoDevice(device.DeviceId, key.Id, key.Secret, serial, machine, site, assetId);
            }

            if (result.Outcome != EditOutcome.AlreadyExists)
                throw new InvalidOperationException($"The demo device {serial} cannot be made: {result.Outcome} {string.Join("; ", result.Errors)}");
        }

        throw new InvalidOperationException($"The demo device {index + 1} cannot be made.");
    }

    private ISiteGrain Site(DemoState state, string id) => grains.GetGrain<ISiteGrain>($"{state.ProjectId:D}/{id}");

    private static ImmutableSortedDictionary<string, double> Map(params ReadOnlySpan<(string Key, double Value)> pairs)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
            map[key] = value;
        return map.ToImmutable();
    }
}
