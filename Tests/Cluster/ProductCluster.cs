using System.Collections.Immutable;
using EsoCore.Devices;
using EsoCore.Grains;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Sites;
using EsoCore.Tests.Storage.PostgreSql;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>
/// The grains of the product in several silos over one PostgreSQL database, by the real clock and over TCP; each silo has a storage of its
/// own, as a process would. No HTTP.
/// </summary>
internal sealed partial class ProductCluster : IAsyncDisposable
{
    /// <summary>The most devices made to find one that a certain silo owns.</summary>
    private const int MaxDrawn = 100;

    private readonly PostgresServer _server;
    private readonly string _database;
    private readonly PostgresStorage _reader;
    private readonly List<IAsyncDisposable> _more = [];
    private readonly Action<IServiceCollection, PostgresStorageOptions>? _configure;
    private int _serials;

    private ProductCluster(
        PostgresServer server, string database, short silos, Action<IServiceCollection, PostgresStorageOptions>? configure = null)
    {
        (_server, _database, _configure) = (server, database, configure);
        _reader = new PostgresStorage(
            new() { ConnectionString = server.ConnectionString(database), RunsUpkeep = false }, TimeProvider.System,
            NullLogger<PostgresStorage>.Instance);
        Silos = Build(silos);
    }

    /// <summary>The silos and clients.</summary>
    public InProcessTestCluster Silos { get; }

    public Guid ProjectId { get; private set; }

    public Scope Scope => new(ProjectId);

    /// <summary>
    /// Starts a cluster; what <paramref name="configure"/> registers in each silo takes the place of what it would have, and the options
    /// are those of its storage.
    /// </summary>
    public static async Task<ProductCluster> Start(short silos, Action<IServiceCollection, PostgresStorageOptions>? configure = null)
    {
        var server = await PostgresServer.Shared;
        var cluster = new ProductCluster(server, await server.CreateDatabase(), silos, configure);
        await cluster.Deploy();
        return cluster;
    }

    private async Task Deploy()
    {
        await Silos.DeployAsync();
        var created = await Silos.Client.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Test");
        ProjectId = created.Project.Id;
    }

    /// <summary>A site, registered.</summary>
    public async Task<ISiteGrain> AddSite(string id)
    {
        var site = Site(id);
        Assert.Equal(EditOutcome.Created, (await site.Put(new SiteDefinition("Hall", null, "UTC", null), null, onlyCreate: true)).Outcome);
        return site;
    }

    /// <summary>New devices of a site; their ids.</summary>
    public async Task<ImmutableArray<Guid>> AddDevices(int count, string? site = null)
    {
        var project = Silos.Client.GetGrain<IProjectGrain>(ProjectId.ToString("D"));
        var ids = ImmutableArray.CreateBuilder<Guid>(count);
        while (ids.Count < count)
        {
            var made = await project.CreateDevice(new NewDevice(
                $"S-{++_serials}", "DOOR-LOGGER", site, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, false));
            ids.Add(made.Current!.Value.Device.DeviceId);
        }

        return ids.MoveToImmutable();
    }

    /// <summary>A new device that a silo owns.</summary>
    public async Task<Guid> AddDeviceOn(InProcessSiloHandle silo, string? site = null)
    {
        for (var i = 0; i < MaxDrawn; i++)
        {
            var id = (await AddDevices(1, site))[0];
            await Device(id).GetTwin(Scope); // With Orleans a grain has a place once it was called.
            if (silo.SiloAddress!.Equals(OwnerOf(Device(id))))
                return id;
        }

        throw new InvalidOperationException($"None of {MaxDrawn} devices is owned by {silo.Name}.");
    }

    public IDeviceGrain Device(Guid id) => Silos.Client.GetGrain<IDeviceGrain>(id.ToString("D"));

    public ISiteGrain Site(string id) => Silos.Client.GetGrain<ISiteGrain>(ProjectKey.Of(ProjectId, id));

    public string ConnectionString => _server.ConnectionString(_database);

    public Task<T> Ask<T>(string sql) => _server.Ask<T>(_database, sql);

    public Task Execute(string sql) => _server.Execute(_database, sql);

    /// <summary>All stored points of a device, in order of time.</summary>
    public async Task<List<PointRow>> Points(Guid device)
    {
        var points = new List<PointRow>();
        string? after = null;
        do
        {
            var page = await _reader.History.ReadPoints(
                new PointQuery(Scope, device, null, null, null, null, null), new PageRequest(PageRequest.MaxLimit, after), default);
            points.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return points;
    }

    public Task<string> StoredTwin(Guid device) =>
        Ask<string>($"select convert_from(twin, 'UTF8') from twin where device_id = '{device:D}'");

    /// <summary>Changes a stored twin behind the back of the grain, by an expression over its text <c>t</c>.</summary>
    public Task ChangeTwin(Guid device, string expression) => Execute(
        $"""
        update twin set twin = convert_to(changed.text, 'UTF8')
        from (select {expression} as text
            from (select convert_from(twin, 'UTF8') as t from twin where device_id = '{device:D}') as stored) as changed
        where device_id = '{device:D}'
        """);

    public async ValueTask DisposeAsync()
    {
        await Silos.DisposeAsync();
        await _reader.DisposeAsync();
        foreach (var more in _more)
            await more.DisposeAsync();
        await _server.DropDatabase(_database);
    }

    private void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IInstallationKeys>(new TestKeys());
        // On a busy machine a commit takes as long as it takes; that is no failure of what these tests are about.
        var storage = new PostgresStorageOptions
        {
            ConnectionString = ConnectionString,
            CallTimeout = TimeSpan.FromMinutes(1),
            ConnectTimeout = TimeSpan.FromMinutes(1),
        };
        services.AddPostgresStorage(storage);
        services.AddEsoCoreGrains();
        _configure?.Invoke(services, storage);
    }
}
