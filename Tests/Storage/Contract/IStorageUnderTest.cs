using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>One implementation of the storage ports, on an empty store of its own. The contract suites know nothing else of it.</summary>
public interface IStorageUnderTest : IAsyncDisposable
{
    IDeviceStore Devices { get; }

    IProjectStore Projects { get; }

    IResourceStore Resources { get; }

    IOutboxStore Outbox { get; }

    IGrainStateStore GrainStates { get; }

    IReminderStore Reminders { get; }

    IHistory History { get; }

    IWorkStore Work { get; }

    /// <summary>The store's clock.</summary>
    DateTimeOffset Now { get; }

    /// <summary>Moves the clock on.</summary>
    void Advance(TimeSpan by);

    /// <summary>Does all merging, whether due or not, and all retention and pruning that is due.</summary>
    Task Settle();

    /// <summary>Does one small step of merging, retention or pruning, if any is due.</summary>
    Task Step();

    /// <summary>Closes the store and opens it again over the same data.</summary>
    Task Reopen();

    /// <summary>Runs SQL that both kinds of database know, behind the store's back.</summary>
    Task Execute(string sql);

    /// <summary>What to do before and after each commit becomes durable: may block or throw. Null takes it away.</summary>
    void OnCommit(Action? before, Action? after);
}
