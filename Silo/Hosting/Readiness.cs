using EsoCore.Api;
using EsoCore.Silo.Storage;

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

/// <summary>Ready while the storage answers. However often it is asked, the storage itself is asked once a second at most.</summary>
internal sealed class StorageReadiness(IStorageProbe storage, TimeProvider time) : IReadinessCheck, IDisposable
{
    /// <summary>How long the storage has to answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer is good.</summary>
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private (string? Reason, long At)? _last;

    public string Name => "storage";

    public async ValueTask<string?> WhyNot(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            if (_last is not { } last || time.GetElapsedTime(last.At) > GoodFor)
                _last = last = (await Ask(cancel), time.GetTimestamp());
            return last.Reason;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<string?> Ask(CancellationToken cancel)
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
