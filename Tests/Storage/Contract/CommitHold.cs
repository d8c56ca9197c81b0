namespace EsoCore.Tests.Storage.Contract;

/// <summary>Holds the next commits of a store back, before they become durable, until it is told to let them go.</summary>
internal sealed class CommitHold : IDisposable
{
    private readonly IStorageUnderTest _store;
    private readonly ManualResetEventSlim _hold = new();
    private readonly ManualResetEventSlim _held = new();

    public CommitHold(IStorageUnderTest store)
    {
        _store = store;
        store.OnCommit(
            () =>
            {
                _held.Set();
                _hold.Wait();
            },
            null);
    }

    /// <summary>Waits until a commit is held.</summary>
    public void Await() => _held.Wait();

    /// <summary>Lets what is held go on, and holds nothing any more.</summary>
    public void Release()
    {
        _store.OnCommit(null, null);
        _hold.Set();
    }

    /// <summary>Lets go what is still held: a test that failed before would else wait for it for ever.</summary>
    public void Dispose()
    {
        Release();
        _hold.Dispose();
        _held.Dispose();
    }
}
