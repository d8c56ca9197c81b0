using System.Security.Cryptography;
using System.Text;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.PostgreSql;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>The whole server on PostgreSQL.</summary>
public sealed class PostgresServerTests
{
    /// <summary>On a busy machine the database takes as long as it takes.</summary>
    private static readonly Dictionary<string, string?> Patient = new() { ["EsoCore:Storage:CallTimeout"] = "00:01:00" };

    [Fact]
    public async Task Server_OnPostgres_TakesABatchOnceAndKeepsItOverARestart()
    {
        var server = await PostgresServer.Shared;
        string database = await server.CreateDatabase();
        string[] arguments = ["--postgres", server.ConnectionString(database), "--role", "all", "--demo"];
        string data = Directory.CreateTempSubdirectory("esocore-test-").FullName;
        var batch = Guid.NewGuid();
        string records =
            $$"""[{"ts":"{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}}","series":"temp","val":23.5,"unit":"C"}]""";
        SeededDevice device;
        await using (var silo = await RunningSilo.Start(data, Patient, arguments))
        {
            device = await silo.Seed();
            var first = await silo.UploadUntilTaken(device, records, batch);
            Assert.Equal(200, first.Status);
            Assert.Equal(1, first.Json.GetProperty("accepted").GetInt32());
            var again = await silo.UploadUntilTaken(device, records);
            Assert.Equal(1, again.Json.GetProperty("duplicates").GetInt32());
        }

        await using (var silo = await RunningSilo.Start(data, Patient, arguments))
        {
            var replay = await silo.UploadUntilTaken(device, records, batch);
            Assert.Equal(1, replay.Json.GetProperty("accepted").GetInt32());
            var points = await silo.Send(HttpMethod.Get, $"/api/devices/{device.Id}/points?metric=temp", device.ProjectKey);
            Assert.Equal(200, points.Status);
            Assert.Contains("23.5", points.Json.GetRawText());

            // PostgreSQL takes no U+0000: it is refused before it is asked.
            string[] paths =
            [
                $"devices/{device.Id}/points?metric=%00", $"devices/{device.Id}/windows?asset=a%00", "events?type=%00", "points?site=%00",
                "devices?model=%00", "assets?site=%00", "sites?after=AA", "assets/%00", "sites/a%00b",
                "incidents?rule=%00", "incidents?site=a%00", "incidents?asset=%00", "incidents?status=%00", "incidents?severity=%00",
                "incidents?after=%00", "log?action=%00", "log?after=a%00", "tickets?site=%00", "tickets?asset=%00b",
                "tickets?status=%00", "deliveries?status=%00",
                "stream?site=%00", "stream?kinds=%00", "rules?after=%00", "people?after=%00", "schedules?after=%00",
                "rules/%00", "people/a%00", "teams/%00", "channels/%00", "templates/%00", "silences/%00", "schedules/%00/oncall",
                "escalation-policies/%00", "maintenance-windows/%00", "config-profiles/%00",
            ];
            foreach (string path in paths)
            {
                int status = (await silo.Send(HttpMethod.Get, "/api/" + path, device.ProjectKey)).Status;
                Assert.True(status is >= 400 and <= 404, $"{path}: {status}");
            }

            string[] conditions =
            [
                """{"type":"threshold","metric":"\u0000","above":1}""", """{"type":"event","types":["a\u0000"]}""",
                """{"type":"event","types":["a"],"restored_by":["\u0000"]}""", """{"type":"anomaly","of":"events","types":["\u0000"]}""",
            ];
            foreach (string condition in conditions)
            {
                string rule = $$$"""{"name":"x","condition":{{{condition}}}}""";
                string trial = $$"""{"rule":{{rule}},"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}""";
                Assert.Equal(400, (await silo.Send(HttpMethod.Post, "/api/rules", device.ProjectKey, rule)).Status);
                Assert.Equal(400, (await silo.Send(HttpMethod.Post, "/api/rules/try", device.ProjectKey, trial)).Status);
            }
        }

        await server.DropDatabase(database);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Migrate_TheCommand_MakesTheSchemaAndSaysSo()
    {
        var server = await PostgresServer.Shared;
        string database = await server.CreateDatabase(migrated: false);

        Assert.Equal(0, await MigrateCommand.Run(SiloArguments.Parse(["migrate", "--postgres", server.ConnectionString(database)])));
        Assert.Equal(0, await MigrateCommand.Run(SiloArguments.Parse(["migrate", "--postgres", server.ConnectionString(database)])));
        await Assert.ThrowsAsync<OptionsValidationException>(() => MigrateCommand.Run(SiloArguments.Parse(["migrate"])));
        await Assert.ThrowsAsync<IOException>(
            () => MigrateCommand.Run(SiloArguments.Parse(["migrate", "--postgres", "Host=127.0.0.1;Port=1;Username=x"])));
        await server.DropDatabase(database);
    }

    [Fact]
    public void Migrate_OfANewerDatabase_SaysWhichSchemaItHas()
    {
        Assert.Contains($"has schema {SchemaFiles.Known} already", MigrateCommand.Outcome([], SchemaFiles.Known));
        Assert.Contains($"has schema {SchemaFiles.Known + 1}, newer", MigrateCommand.Outcome([], SchemaFiles.Known + 1));
        Assert.Contains("applied: 1, 2", MigrateCommand.Outcome([1, 2], 2));
    }

    [Theory]
    [InlineData("new old", "old new", true)]
    [InlineData("old", "new old", true)]
    [InlineData("new", "old", false)]
    public async Task MasterKeyCheck_TakesThoseWithAKeyInCommonWithTheLast_AndForgetsReplacedKeys(string last, string next, bool taken)
    {
        await using var store = await PostgresUnderTest.Start();
        await new MasterKeyCheck(store.Resources, Keys("old")).StartAsync(default);
        await new MasterKeyCheck(store.Resources, Keys("old new")).StartAsync(default);
        await new MasterKeyCheck(store.Resources, Keys(last)).StartAsync(default);
        Task check = new MasterKeyCheck(store.Resources, Keys(next)).StartAsync(default);
        if (taken)
            await check;
        else
            await Assert.ThrowsAsync<StartRefusedException>(() => check);
    }

    private static MasterKeyFile Keys(string words)
    {
        string file = Path.GetTempFileName();
        var lines = words.Split(' ').Select(word => (Id: (int)word[0], Key: SHA256.HashData(Encoding.ASCII.GetBytes(word))));
        File.WriteAllLines(file, lines.Select(line => $"{line.Id} {Convert.ToBase64String(line.Key)}"));
        var keys = MasterKeyFile.Read(file);
        File.Delete(file);
        return keys;
    }
}
