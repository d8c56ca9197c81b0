using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Tests.Storage.Contract;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace EsoCore.Tests.Storage.Sqlite;

/// <summary>The embedded storage in a directory of its own, which goes with it.</summary>
internal sealed class SqliteUnderTest : IStorageUnderTest
{
    private readonly SqliteStorageOptions _options;
    private readonly FakeTimeProvider _time;
    private readonly bool _keepDirectory;

    public SqliteUnderTest(Action<SqliteStorageOptions>? configure = null, string? directory = null)
    {
        _keepDirectory = directory is not null;
        _options = new() { DataDirectory = directory ?? Directory.CreateTempSubdirectory("esocore-test-").FullName };
        configure?.Invoke(_options);
        _time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        Storage = Start();
    }

    public SqliteStorage Storage { get; private set; }

    public string DataDirectory => _options.DataDirectory;

    public FakeTimeProvider Time => _time;

    public IDeviceStore Devices => Storage.Devices;

    public IProjectStore Projects => Storage.Projects;

    public IResourceStore Resources => Storage.Resources;

    public IOutboxStore Outbox => Storage.Outbox;

    public IGrainStateStore GrainStates => Storage.GrainStates;

    public IReminderStore Reminders => Storage.Reminders;

    public IHistory History => Storage.History;

    public IWorkStore Work => Storage.Work;

    public DateTimeOffset Now => _time.GetUtcNow();

    public void Advance(TimeSpan by) => _time.Advance(by);

    public Task Settle() => Storage.Settle();

    public Task Step() => Storage.StepUpkeep();

    public async Task Reopen()
    {
        await Storage.DisposeAsync();
        Storage = Start();
    }

    public async Task Execute(string sql)
    {
        await Storage.DisposeAsync();
        using (var db = Db.Open(Path.Combine(DataDirectory, SqliteStorage.FileName), readOnly: false))
            db.Execute(sql);
        Storage = Start();
    }

    public void OnCommit(Action? before, Action? after)
    {
        Storage.Faults.BeforeCommit = before is null ? null : _ => before();
        Storage.Faults.AfterCommit = after is null ? null : _ => after();
    }

    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync();
        if (!_keepDirectory)
            Directory.Delete(_options.DataDirectory, recursive: true);
    }

    private SqliteStorage Start() => new(_options, _time, NullLogger<SqliteStorage>.Instance);
}
