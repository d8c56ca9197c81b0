using EsoCore.Benchmarks.Chaos;
using EsoCore.Benchmarks.Server;
using EsoCore.Silo.Hosting;
using EsoCore.Tests.Storage.PostgreSql;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>A server keeps to the engine that its data is served by, and the command that changes it.</summary>
public sealed class EngineChangeTests
{
    private static readonly string Other = EngineNames.All.Single(name => name != Engine.Name);

    [Fact]
    public async Task Server_OnAnInstallationOfTheOtherEngine_DoesNotStart_UntilItIsChangedBack()
    {
        var data = Directory.CreateTempSubdirectory("esocore-engine-").FullName;
        SeededDevice device;
        await using (var silo = await RunningSilo.Start(data, "--demo"))
        {
            device = await silo.Seed();
            await Assert.ThrowsAsync<IOException>(() => Command(Other, "--data", data));
        }

        await Command(Other, "--data", data);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RunningSilo.Start(data, "--demo"));
        Assert.Contains($"runs on the engine '{Other}'", error.Message);
        Assert.Contains($"engine {Engine.Name} --data", error.Message);
        await Command(Engine.Name, "--data", data);
        await using (var silo = await RunningSilo.Start(data, "--demo"))
            Assert.Equal(200, (await silo.Send(HttpMethod.Get, $"/api/devices/{device.Id}", device.ProjectKey)).Status);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Command_OnPostgres_RefusesWhileASiloIsAlive_AndNotForOneThatIsGone()
    {
        var server = await PostgresServer.Shared;
        var database = await server.CreateDatabase();
        var data = Directory.CreateTempSubdirectory("esocore-engine-").FullName;
        string[] where = ["--postgres", server.ConnectionString(database)];
        using (var silo = new ServerProcess(data, where))
        {
            await silo.Start();
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Command(Other, where));
            Assert.Contains($"stays '{Engine.Name}'", error.Message);
            Assert.Contains($"({Engine.Name})", error.Message);
            silo.Kill();
            await Command(Other, where); // Its row still says that it is a member.
            error = await Assert.ThrowsAsync<InvalidOperationException>(silo.Start);
            Assert.Contains($"runs on the engine '{Other}'", error.Message);
        }

        await server.DropDatabase(database);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Command_ForAnEngineThatThereIsNot_SaysWhichThereAre()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Command("akka"));
        Assert.Contains("builtin or orleans", error.Message);
    }

    [OtherBuildTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Engines_ChangedThereAndBackWhileDevicesUpload_LoseAndDoubleNothing(bool postgres)
    {
        var server = postgres ? await PostgresServer.Shared : null;
        var database = postgres ? await server!.CreateDatabase() : null;
        var data = Directory.CreateTempSubdirectory("esocore-engine-").FullName;
        string[] where = postgres ? ["--postgres", server!.ConnectionString(database!)] : [];
        using var silo = new ServerProcess(data, where);
        await silo.Start();
        var project = await SeededProject.Create(silo.Url, 6);
        var load = new VerifiedLoad([silo.Url], project, 60);
        var uploads = project.DeviceIds.Select(device => load.Run(device)).ToArray();
        var own = silo.Program;
        for (var change = 0; change < 4; change++)
        {
            await load.Requests(60);
            // Once as planned and once as it may come, in both directions.
            if (change < 2)
                await silo.Stop();
            else
                silo.Kill();
            var (to, program) = change % 2 == 0 ? (Other, ServerProcess.ProgramIn(OtherBuild.Folder!)) : (Engine.Name, own);
            await Command(to, [.. where, "--data", data]);
            silo.Program = program;
            await silo.Start();
            load.Restarted();
        }

        await load.Requests(60);
        load.Finish();
        await Task.WhenAll(uploads);
        var check = new StoreCheck(project, load);
        await check.Stored();
        await check.Counted();
        Assert.True(check.Differences.Count == 0, $"{string.Join("\n", check.Differences)}\n{silo.Log}");
        silo.Dispose();
        if (postgres)
            await server!.DropDatabase(database!);
        Directory.Delete(data, recursive: true);
    }

    private static async Task Command(string engine, params string[] where)
    {
        var arguments = SiloArguments.Parse(["engine", engine, .. where]);
        Assert.Empty(arguments.Faults);
        Assert.Equal(0, await EngineCommand.Run(arguments));
    }

    /// <summary>The build with the other engine, where there is one.</summary>
    private static class OtherBuild
    {
        public const string Variable = "ESOCORE_TEST_OTHER_BUILD";

        /// <summary>The folder with its server, or null.</summary>
        public static string? Folder => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null;
    }

    /// <summary>Skipped, and said so, where there is no build with the other engine.</summary>
    private sealed class OtherBuildTheoryAttribute : TheoryAttribute
    {
        public OtherBuildTheoryAttribute() =>
            Skip = OtherBuild.Folder is null ? $"There is no build with the other engine: {OtherBuild.Variable} is not set." : null;
    }
}
