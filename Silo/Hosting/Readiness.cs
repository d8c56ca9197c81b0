using EsoCore.Api;
using EsoCore.Silo.Storage.Sqlite;

namespace EsoCore.Silo.Hosting;

/// <summary>Ready once everything has started, and no longer when the process begins to stop: a balancer must look elsewhere before it does.</summary>
internal sealed class LifetimeReadiness(IHostApplicationLifetime lifetime) : IReadinessCheck
{
    public string Name => "process";

    public ValueTask<string?> WhyNot(CancellationToken cancel) => new(
        lifetime.ApplicationStopping.IsCancellationRequested ? "is stopping"
        : lifetime.ApplicationStarted.IsCancellationRequested ? null
        : "is starting");
}

/// <summary>Ready while the storage answers.</summary>
internal sealed class StorageReadiness(SqliteStorage storage, TimeProvider time) : IReadinessCheck
{
    /// <summary>How long the storage has to answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public string Name => "storage";

    public async ValueTask<string?> WhyNot(CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            return await storage.Ping(either.Token) ? null : "does not answer";
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return $"did not answer within {Patience.TotalSeconds} s";
        }
    }
}
