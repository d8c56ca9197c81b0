using System.Collections.Immutable;
using EsoCore.Assets;
using EsoCore.Devices;
using EsoCore.Grains.Projects;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Tests.Support;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Projects;

public sealed class ProjectGrainTests : IAsyncLifetime
{
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task CreateProject_GoodName_StoresItWithAKeyWhoseSecretIsOnlyHashed()
    {
        var created = await CreateProject("Acme");
        Assert.Equal("Acme", created.Project.Name);
        Assert.Equal(created.Project, (await Project(created.Project.Id).Get())!.Value);
        var key = (await Credentials.FindKey(created.Key.Id))!;
        Assert.Equal(KeySecrets.Hash(created.Key.Secret), key.SecretHash.ToArray());
        Assert.Equal((created.Project.Id, null), (key.ProjectId, key.DeviceId));
        Assert.True(key.SigningKey.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public async Task CreateProject_BadName_Throws(string name) => await Assert.ThrowsAsync<ArgumentException>(() => CreateProject(name));

    [Fact]
    public async Task Get_UnknownProject_IsNull() => Assert.Null(await Project(Guid.NewGuid()).Get());

    [Fact]
    public async Task CreateDevice_GoodDevice_CanSignAtOnce()
    {
        var project = (await CreateProject("Acme")).Project.Id;
        var created = await Project(project).CreateDevice(Device("SN-1"));
        Assert.Equal(EditOutcome.Created, created.Outcome);
        var (device, key) = created.Current!.Value;
        var credential = (await Credentials.FindDevice(device.DeviceId))!;
        Assert.Equal((project, DeviceStatus.Active, true), (credential.ProjectId, credential.Status, credential.SignatureRequired));
        var stored = Assert.Single(credential.Keys);
        Assert.Equal(KeySecrets.Hash(key.Secret), stored.SecretHash.ToArray());
        Assert.Equal(BodySignature.DeriveKey(key.Secret), stored.SigningKey.ToArray());
        Assert.Equal(7, device.DeviceId.Version);
        Assert.Equal(device, Assert.Single((await Project(project).ListDevices(new DeviceFilter(), new PageRequest())).Items).Value);
    }

    [Fact]
    public async Task FindDevice_MasterKeyGone_StillKnowsTheSecretButNoSignature()
    {
        var project = (await CreateProject("Acme")).Project.Id;
        var (device, key) = (await Project(project).CreateDevice(Device("SN-1"))).Current!.Value;
        _cluster.Keys.Rotate();
        _cluster.Keys.Retire();
        var stored = Assert.Single((await Credentials.FindDevice(device.DeviceId))!.Keys);
        Assert.Equal(KeySecrets.Hash(key.Secret), stored.SecretHash.ToArray());
        Assert.Equal(32, stored.SigningKey.Length);
        Assert.NotEqual(BodySignature.DeriveKey(key.Secret), stored.SigningKey.ToArray());
    }

    [Fact]
    public async Task FindDevice_UnknownDevice_IsNull()
    {
        Assert.Null(await Credentials.FindDevice(Guid.NewGuid()));
        Assert.Null(await Credentials.FindKey(Guid.NewGuid()));
    }

    [Fact]
    public async Task CreateDevice_SerialTaken_IsAlreadyThere_ButNotInAnotherProject()
    {
        var one = (await CreateProject("One")).Project.Id;
        var two = (await CreateProject("Two")).Project.Id;
        Assert.Equal(EditOutcome.Created, (await Project(one).CreateDevice(Device("SN-1"))).Outcome);
        Assert.Equal(EditOutcome.AlreadyExists, (await Project(one).CreateDevice(Device("SN-1"))).Outcome);
        Assert.Equal(EditOutcome.Created, (await Project(two).CreateDevice(Device("SN-1"))).Outcome);
    }

    [Fact]
    public async Task CreateDevice_Faulty_NamesEveryFaultAndStoresNothing()
    {
        var project = (await CreateProject("Acme")).Project.Id;
        var result = await Project(project).CreateDevice(new NewDevice("", "", null, null!, DeviceStatus.Active, false));
        Assert.Equal(EditOutcome.Invalid, result.Outcome);
        Assert.Equal(["serial", "model"], result.Errors.Select(e => e.Field));
        Assert.Equal(0, _cluster.Stores.Calls("Create"));
    }

    [Fact]
    public async Task CreateDevice_UnknownProject_IsNotFound() =>
        Assert.Equal(EditOutcome.NotFound, (await Project(Guid.NewGuid()).CreateDevice(Device("SN-1"))).Outcome);

    [Fact]
    public async Task CreateDevice_ProjectFull_IsRefused()
    {
        var project = (await CreateProject("Acme")).Project.Id;
        _cluster.Stores.CountedDevices = IProjectGrain.MaxDevices - 1;
        Assert.Equal(EditOutcome.Created, (await Project(project).CreateDevice(Device("SN-1"))).Outcome);
        _cluster.Stores.CountedDevices = IProjectGrain.MaxDevices;
        Assert.Equal(EditOutcome.LimitReached, (await Project(project).CreateDevice(Device("SN-2"))).Outcome);
        _cluster.Stores.CountedDevices = 3;
        Assert.Equal(EditOutcome.Created, (await Project(project).CreateDevice(Device("SN-2"))).Outcome);
    }

    [Fact]
    public async Task CreateDevice_StorageAway_ThrowsThatAndWorksAfterwards()
    {
        var project = (await CreateProject("Acme")).Project.Id;
        _cluster.Stores.Fault = method => method == "Create" ? new StorageUnavailableException("away") : null;
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Project(project).CreateDevice(Device("SN-1")));
        _cluster.Stores.Fault = null;
        Assert.Equal(EditOutcome.Created, (await Project(project).CreateDevice(Device("SN-1"))).Outcome);
    }

    [Fact]
    public async Task SetRetention_VersionsAndBounds_AreHeld()
    {
        var id = (await CreateProject("Acme")).Project.Id;
        Assert.Equal(EditOutcome.Invalid, (await Project(id).SetRetention(0, null)).Outcome);
        Assert.Equal(EditOutcome.Invalid, (await Project(id).SetRetention(36_501, null)).Outcome);
        Assert.Equal(EditOutcome.VersionMismatch, (await Project(id).SetRetention(30, 2)).Outcome);
        var changed = await Project(id).SetRetention(30, 1);
        Assert.Equal((EditOutcome.Changed, 2L, (int?)30), (changed.Outcome, changed.Current!.Version, changed.Current.Value.RetentionDays));
        Assert.Equal(2, (await Project(id).SetRetention(30, null)).Current!.Version);
        Assert.Null((await Project(id).SetRetention(null, 2)).Current!.Value.RetentionDays);
        Assert.Equal(3, (await Project(id).Get())!.Version);
        Assert.Equal(EditOutcome.NotFound, (await Project(Guid.NewGuid()).SetRetention(1, null)).Outcome);
    }

    [Fact]
    public async Task ListAssets_OfOneSite_PagesOverAllOfThem()
    {
        var id = (await CreateProject("Acme")).Project.Id;
        for (var i = 0; i < 50; i++)
            await Asset(id, $"A{i:D2}").Put(AssetAt(i % 5 == 0 ? "hall" : "yard"), null, onlyCreate: true);
        var found = new List<string>();
        string? after = null;
        do
        {
            var page = await Project(id).ListAssets("hall", new PageRequest(3, after));
            Assert.InRange(page.Items.Length, 0, 3);
            found.AddRange(page.Items.Select(a => a.Id));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"A{i * 5:D2}"), found);
        Assert.Equal(50, (await Project(id).ListAssets(null, new PageRequest())).Items.Length);
        Assert.Empty((await Project(Guid.NewGuid()).ListAssets(null, new PageRequest())).Items);
    }

    private ICredentialGrain Credentials => _cluster.Client.GetGrain<ICredentialGrain>(ICredentialGrain.Key);

    private Task<ProjectCreated> CreateProject(string name) =>
        _cluster.Client.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject(name);

    private IProjectGrain Project(Guid id) => _cluster.Client.GetGrain<IProjectGrain>(id.ToString("D"));

    private IAssetGrain Asset(Guid project, string code) => _cluster.Client.GetGrain<IAssetGrain>(ProjectKey.Of(project, code));

    private static NewDevice Device(string serial) =>
        new(serial, "DOOR-2", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, SignatureRequired: true);

    private static AssetDefinition AssetAt(string site) =>
        new(site, "door", null, null, null, null, null, ImmutableSortedDictionary<string, string>.Empty, true);
}
