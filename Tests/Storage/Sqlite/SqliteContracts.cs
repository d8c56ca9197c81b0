using EsoCore.Tests.Storage.Contract;

namespace EsoCore.Tests.Storage.Sqlite;

public sealed class SqliteDeviceStoreTests : DeviceStoreContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}
