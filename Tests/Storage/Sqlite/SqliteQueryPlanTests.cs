using EsoCore.Silo.Storage;
using EsoCore.Silo.Storage.Sqlite;
using Xunit;

namespace EsoCore.Tests.Storage.Sqlite;

/// <summary>The statements that run often must find their rows by index, and the ordered ones must not sort.</summary>
public sealed class SqliteQueryPlanTests
{
    public static TheoryData<Type> Files() =>
    [
        typeof(DeviceCommits), typeof(DeviceStore), typeof(ProjectStore), typeof(OutboxStore), typeof(PointScan), typeof(RecordPages),
        typeof(EventPages), typeof(HistoryScope), typeof(Merger), typeof(Retention),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Statements_SearchByIndex(Type owner)
    {
        await using var store = new SqliteUnderTest();
        var sql = SqlFile.Of(owner);
        foreach (string name in sql.Names)
        {
            string plan = await store.Storage.Inspect(db => Plan(db, sql[name]));

            // The index of projects to purge holds no others, so its first entry is the answer.
            bool walks = name is "projects_to_purge" or "receivers";
            Assert.True(walks || !plan.Contains("SCAN", StringComparison.Ordinal), $"{name}: {plan}");
            Assert.False(plan.Contains("TEMP B-TREE", StringComparison.Ordinal), $"{name}: {plan}");
        }
    }

    [Theory]
    [InlineData("overlap_blocks", "batch_block_time (device_no=? AND t0>? AND t0<?)")]
    [InlineData("overlap_chunks", "chunk_time (device_no=? AND t0>? AND t0<?)")]
    public async Task Overlap_IsBoundOnBothSides(string name, string expected)
    {
        await using var store = new SqliteUnderTest();
        string plan = await store.Storage.Inspect(db => Plan(db, SqlFile.Of<DeviceStore>()[name]));
        Assert.Contains(expected, plan);
    }

    [Fact]
    public async Task ChunkHeads_AreAnsweredFromTheIndex()
    {
        await using var store = new SqliteUnderTest();
        string plan = await store.Storage.Inspect(db => Plan(db, SqlFile.Of<PointScan>()["chunk_heads"]));
        Assert.Contains("COVERING INDEX chunk_series (device_no=? AND series_no=? AND t0>? AND t0<?)", plan);
    }

    private static string Plan(Db db, string sql)
    {
        using var row = db.Use("explain query plan " + sql);
        var lines = new List<string>();
        while (row.Step())
            lines.Add(row.Text(3));
        return string.Join("; ", lines);
    }
}
