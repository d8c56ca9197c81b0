using Xunit;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>What the suites of the storage contract share: a store for each test.</summary>
public abstract class StorageContract : IAsyncLifetime
{
    /// <summary>The store under test.</summary>
    protected IStorageUnderTest Store { get; private set; } = null!;

    public async Task InitializeAsync() => Store = await Open();

    public async Task DisposeAsync() => await Store.DisposeAsync();

    /// <summary>Opens an empty store.</summary>
    protected abstract Task<IStorageUnderTest> Open();
}
