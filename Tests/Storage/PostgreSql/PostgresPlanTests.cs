using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.Contract;
using Npgsql;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>
/// A commit connection keeps the plan that it made first, so that one must be right on empty tables and on full ones: row by row, by index.
/// </summary>
public sealed class PostgresPlanTests
{
    [Theory]
    [InlineData("small", 28)]
    [InlineData("full", 99)]
    public async Task GroupStatement_OnEmptyAndOnFullTables_LooksUpByIndex(string name, int parameters)
    {
        await using var store = await PostgresUnderTest.Start();
        string empty = await Plan(store, name, parameters);
        Check(empty, name);

        var device = await store.AddDevice();
        await device.Write(store, device.Commit(Block((1, StartUs, 1))) with { Batch = Ledger(Start) });
        await store.Execute(
            $"""
            insert into ledger select {device.No} + n / 20, {StartUs} + n, gen_random_uuid(), 1, 1, 1, '', '' from generate_series(1, 200000) n;
            insert into twin select {device.No} + n, gen_random_uuid(), 1, '' from generate_series(1, 10000) n;
            insert into rejected(device_no, batch_id, record_index, code, detail, received_at, record)
                select n, gen_random_uuid(), 1, '', '', 1, '' from generate_series(1, 10000) n;
            analyze;
            """);
        Check(await Plan(store, name, parameters), name);

        static void Check(string plan, string name)
        {
            string[] indexes = name == "small"
                ? ["twin_pkey on twin"]
                : ["twin_pkey on twin", "series_pkey on series", "rejected_pkey on rejected", "device_pkey on device"];
            Assert.All(indexes, index => Assert.Matches($"Index (Only )?Scan (Backward )?using {index}", plan));
            Assert.DoesNotMatch(@"using (series_key|series_metric|device_project|rejected_age|device_serial|ledger_\w+_expr)", plan);
            Assert.Matches(@"Index Scan using ledger_\w+_device_no_batch_id_idx on ledger_", plan);
            Assert.DoesNotContain("Seq Scan", plan);
            Assert.DoesNotContain("Hash", plan);
            Assert.DoesNotContain("Merge", plan);
        }
    }

    private static async Task<string> Plan(PostgresUnderTest store, string name, int parameters)
    {
        await using var source = Connections.ForCommits(new() { ConnectionString = store.Server.ConnectionString(store.Database) });
        await using var db = await source.OpenConnectionAsync();
        string text = name == "small" ? CommitStatement.Small : CommitStatement.Full;
        await using (var prepare = new NpgsqlCommand($"prepare x as {text}", db))
            await prepare.ExecuteNonQueryAsync();

        // The twelfth is the time that ledger rows are kept from: without one, none of its partitions would be looked into.
        string values = string.Join(", ", Enumerable.Range(1, parameters).Select(i => i == 12 ? "0" : "null"));
        await using var explain = new NpgsqlCommand($"explain execute x({values})", db);
        await using var row = await explain.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await row.ReadAsync())
            lines.Add(row.GetString(0));
        return string.Join('\n', lines);
    }
}
