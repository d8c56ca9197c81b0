using EsoCore.Tests.Storage.Contract;

namespace EsoCore.Tests.Storage.PostgreSql;

public sealed class PostgresDeviceStoreTests : DeviceStoreContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start();
}

public sealed class PostgresHistoryTests : HistoryContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start();
}

public sealed class PostgresMergeTests : MergeContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start(o => (o.MergeBlocks, o.RunsUpkeep) = (3, true));
}

public sealed class PostgresRetentionTests : RetentionContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start();
}

public sealed class PostgresDocumentTests : DocumentContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start();
}

public sealed class PostgresOutboxTests : OutboxContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start();
}

public sealed class PostgresWorkTests : WorkContract
{
    protected override async Task<IStorageUnderTest> Open() => await PostgresUnderTest.Start();
}
