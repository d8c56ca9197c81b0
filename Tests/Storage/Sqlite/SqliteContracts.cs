using EsoCore.Tests.Storage.Contract;

namespace EsoCore.Tests.Storage.Sqlite;

public sealed class SqliteDeviceStoreTests : DeviceStoreContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteHistoryTests : HistoryContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteMergeTests : MergeContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest(o => o.MergeBlocks = 3));
}

public sealed class SqliteRetentionTests : RetentionContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteDocumentTests : DocumentContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteOutboxTests : OutboxContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteWorkTests : WorkContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}
