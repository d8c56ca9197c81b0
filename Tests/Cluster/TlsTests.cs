using EsoCore.Tests.Silo;
using EsoCore.Tests.Storage.PostgreSql;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>TLS between whole processes, set up by their configuration.</summary>
public sealed class TlsTests : IDisposable
{
    /// <summary>How long a front door that nobody believes is given to get ready; those that are believed take two or three seconds.</summary>
    private static readonly TimeSpan StrangersTime = TimeSpan.FromSeconds(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("esocore-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task FrontDoor_WithACertificateOfTheAuthority_CallsTheSilo_AndNoOtherDoes()
    {
        var server = await PostgresServer.Shared;
        var database = await server.CreateDatabase();
        string[] postgres = ["--postgres", server.ConnectionString(database)];
        using var ours = new TestAuthority(_folder, "ours");
        using var theirs = new TestAuthority(_folder, "theirs");
        await using (await RunningSilo.Start(_folder, Files(ours.Issue("silo"), ours), [.. postgres, "--role", "silo"]))
        await using (await RunningSilo.Start(_folder, Files(ours.Issue("other"), ours), [.. postgres, "--role", "silo"]))
        {
            // The second is ready once the first, which it has shown its certificate, counts it in.
            SeededDevice device;
            var now = TimeProvider.System.GetUtcNow();
            var records = $$"""[{"ts":"{{now:yyyy-MM-ddTHH:mm:ss.fffZ}}","series":"temp","val":23.5,"unit":"C"}]""";

            // A front door holds no grains: each of its calls crosses to the silo.
            await using (var door = await RunningSilo.Start(_folder, Files(ours.Issue("door"), ours), [.. postgres, "--role", "api"]))
            {
                device = await door.Seed();
                Assert.Equal(200, (await door.UploadUntilTaken(device, records)).Status);
            }

            // All of these know the database and the master key.
            foreach (var files in new[] { Files(theirs.Issue("stranger"), ours), Files(theirs.Issue("naive"), theirs), Seeding() })
            {
                // With Orleans a front door does not start before a silo has let it in.
                await using var stranger = await RunningSilo.StartWithin(StrangersTime, _folder, files, [.. postgres, "--role", "api"]);
                if (stranger is not null)
                    Assert.Equal(503, (await stranger.Upload(device, records)).Status);
            }
        }

        await server.DropDatabase(database);
    }

    private static Dictionary<string, string?> Files((string Certificate, string Key) own, TestAuthority authority) => new(Seeding())
    {
        ["EsoCore:Cluster:Cert"] = own.Certificate,
        ["EsoCore:Cluster:Key"] = own.Key,
        ["EsoCore:Cluster:Authority"] = authority.File,
    };

    private static Dictionary<string, string?> Seeding() => new()
    {
        ["EsoCore:Api:SeedEnabled"] = "true",
        ["EsoCore:Storage:CallTimeout"] = "00:01:00", // On a busy machine the database takes as long as it takes.
    };
}
