using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using EsoCore.Api;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Notifications;
using EsoCore.Grains.Telemetry;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Silo.Storage.Sqlite;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>What the files in deploy say of the program is true: settings, commands, ports, routes, how long it takes to stop.</summary>
public sealed partial class DeployTests
{
    private const string Container = "deploy/Containerfile";
    private const string Compose = "deploy/compose.yaml";
    private const string Balancer = "deploy/haproxy.cfg";
    private const string Kustomization = "deploy/kubernetes/kustomization.yaml";
    private const string Silos = "deploy/kubernetes/silo.yaml";

    /// <summary>What settings are read into, by their place below <c>EsoCore</c>.</summary>
    private static readonly (string Section, Type Options)[] Known =
    [
        ("", typeof(SiloOptions)), ("CLUSTER__", typeof(ClusterSettings)), ("API__", typeof(ApiOptions)),
        ("TELEMETRY__", typeof(TelemetryOptions)), ("DEVICES__", typeof(DeviceOptions)),
        ("STORAGE__", typeof(PostgresStorageOptions)), ("STORAGE__", typeof(SqliteStorageOptions)),
        ("NOTIFICATIONS__", typeof(NotificationOptions)), ("NOTIFICATIONS__SMTP__", typeof(SmtpOptions)),
    ];

    private static IReadOnlyList<string> Files { get; } = [.. In("deploy/")];

    [Fact]
    public void Variables_NamedAnywhere_AreSettingsOfTheProgram()
    {
        var names = Known.SelectMany(k => k.Options.GetProperties().Where(p => p.CanWrite)
            .Select(p => $"ESOCORE__{k.Section}{p.Name.ToUpper(CultureInfo.InvariantCulture)}")).ToHashSet();
        var used = Files.Append("README.md").SelectMany(f => Variable().Matches(Repository.Read(f)).Select(m => m.Value)).ToList();
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(names));
    }

    [Theory]
    [InlineData(Compose)]
    [InlineData(Kustomization)]
    public void Settings_OfEachRole_AreWithinTheirBounds(string file)
    {
        var some = Path.GetTempFileName();
        File.WriteAllText(some, "Host=127.0.0.1;Username=esocore");
        foreach (var role in new[] { SiloOptions.RoleSilo, SiloOptions.RoleApi })
        {
            // A secret's file is there when the container runs.
            var settings = Setting().Matches(Repository.Read(file)).Where(m => m.Groups["name"].Value != "ROLE").ToDictionary(
                m => $"{SiloOptions.Section}:{m.Groups["name"].Value}",
                m => m.Groups["name"].Value.EndsWith("FILE", StringComparison.Ordinal) ? some : m.Groups["value"].Value);
            settings[$"{SiloOptions.Section}:{nameof(SiloOptions.Role)}"] = role;
            var options = SiloOptions.Of(new ConfigurationBuilder().AddInMemoryCollection(settings!).Build());
            Assert.Empty(options.Faults());
            Assert.False(string.IsNullOrEmpty(options.Postgres));
        }

        File.Delete(some);
    }

    [Fact]
    public void Commands_AreUnderstood()
    {
        var program = typeof(SiloOptions).Assembly.GetName().Name!;
        var start = Only(StartLine(), "deploy/esocore.service").Split(' ');
        Assert.Equal(program, Path.GetFileName(start[0]));
        Assert.Empty(SiloArguments.Parse(start[1..]).Faults);
        Assert.Equal($"/app/{program}", Only(Entrypoint(), Container));
        var commands = Files.SelectMany(f => Arguments().Matches(Repository.Read(f)).Select(m => m.Groups[1].Value)).ToList();
        Assert.Equal(2, commands.Count);
        Assert.All(commands, c => Assert.Contains(c, SiloArguments.Commands));
    }

    [Fact]
    public void Ports_AreTheSameEverywhere()
    {
        var ports = Files.SelectMany(f => HttpPort().Matches(Repository.Read(f)).Select(m => m.Groups[1].Value)).ToList();
        Assert.True(ports.Count >= 8, $"Only {ports.Count} ports were found.");
        Assert.All(ports, p => Assert.Equal(Only(Exposed(), Container), p));
        Assert.Equal(Only(ClusterPort(), Silos), Only(ClusterListen(), Silos));
    }

    [Fact]
    public void Probes_AskRoutesThatExist()
    {
        var routes = Repository.Read("Api/Operations/OperationsEndpoints.cs");
        var asked = Files.SelectMany(f => Probe().Matches(Repository.Read(f)).Select(m => m.Groups[1].Value)).ToList();
        Assert.True(asked.Count >= 7, $"Only {asked.Count} probes were found.");
        Assert.All(asked, path => Assert.Contains($"MapGet(\"{path}\"", routes));
    }

    [Fact]
    public void Patience_OfWhoeverStopsTheProgram_IsLongerThanItMayTake()
    {
        var graces = 0;
        foreach (var file in Files.Where(f => Repository.Read(f).Contains("esocore", StringComparison.Ordinal)))
        {
            var before = PreStop().Matches(Repository.Read(file)).Sum(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
            foreach (Match grace in Grace().Matches(Repository.Read(file)))
            {
                var seconds = TimeSpan.FromSeconds(int.Parse(grace.Groups[1].Value, CultureInfo.InvariantCulture) - before);
                Assert.True(seconds > EsoCore.Silo.Program.StopPatience, $"{file} waits {seconds} only.");
                graces++;
            }
        }

        Assert.True(graces >= 4, $"Only {graces} were found.");
    }

    [Fact]
    public void FilesThatOneNamesTheOther_AreThere()
    {
        Assert.Contains(Only(BuildFile(), Compose), Repository.Files);
        Assert.All(Mounted().Matches(Repository.Read(Compose)), m => Assert.Contains($"deploy/{m.Groups[1].Value}", Repository.Files));
        var listed = Resource().Matches(Repository.Read(Kustomization)).Select(m => $"deploy/kubernetes/{m.Groups[1].Value}");
        Assert.Equal(In("deploy/kubernetes/").Except([Kustomization]), listed.Order(StringComparer.Ordinal));
        var version = typeof(SiloOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        Assert.Equal(version.Split('+')[0], Only(Tag(), Kustomization));
    }

    [Fact]
    public void Secrets_ThatTheReadmeHasOneMake_AreNeitherCommittedNorCopiedIntoAnImage()
    {
        var secrets = SecretFile().Matches(Repository.Read(Compose)).Select(m => $"deploy/{m.Groups[1].Value}").ToList();
        Assert.Equal(3, secrets.Count);
        var readme = Repository.Read("deploy/README.md");
        Assert.All(secrets, s => Assert.Contains($"> {s}", readme));
        Assert.Empty(secrets.Except(Repository.Lines(".gitignore").Select(l => l.TrimStart('/'))));
        Assert.Empty(secrets.Except(Repository.Lines(".dockerignore")));
    }

    private static IEnumerable<string> In(string folder) => Repository.Files.Where(f => f.StartsWith(folder, StringComparison.Ordinal));

    private static string Only(Regex regex, string file) => Assert.Single(regex.Matches(Repository.Read(file))).Groups[1].Value;

    [GeneratedRegex(@"ESOCORE__[A-Z][A-Z_]*[A-Z]")]
    private static partial Regex Variable();

    [GeneratedRegex(@"ESOCORE__(?<name>[A-Z]+)(?:: |=)(?<value>\S+)")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^ExecStart=(.+)$", RegexOptions.Multiline)]
    private static partial Regex StartLine();

    [GeneratedRegex("""^ENTRYPOINT \["([^"]+)"\]$""", RegexOptions.Multiline)]
    private static partial Regex Entrypoint();

    [GeneratedRegex("""(?:command|args): \["([^"]+)"\]""")]
    private static partial Regex Arguments();

    [GeneratedRegex(@"^EXPOSE (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Exposed();

    [GeneratedRegex(@"(?:http://[\d.]+:|name: http, containerPort: |server api-\d api-\d:|bind :|""127\.0\.0\.1:\d+:)(\d+)")]
    private static partial Regex HttpPort();

    [GeneratedRegex(@"name: cluster, containerPort: (\d+)")]
    private static partial Regex ClusterPort();

    [GeneratedRegex(@"\(POD_IP\)\]?:(\d+)")]
    private static partial Regex ClusterListen();

    [GeneratedRegex(@"(?:httpGet: \{ path: |httpchk GET )([^\s,]+)")]
    private static partial Regex Probe();

    [GeneratedRegex(@"preStop: \{ sleep: \{ seconds: (\d+)")]
    private static partial Regex PreStop();

    [GeneratedRegex(@"(?:terminationGracePeriodSeconds: |stop_grace_period: |TimeoutStopSec=)(\d+)")]
    private static partial Regex Grace();

    [GeneratedRegex(@"dockerfile: (\S+)")]
    private static partial Regex BuildFile();

    [GeneratedRegex(@"""\./([^:""]+):/")]
    private static partial Regex Mounted();

    [GeneratedRegex(@"^  - (\S+\.yaml)$", RegexOptions.Multiline)]
    private static partial Regex Resource();

    [GeneratedRegex(@"newTag: (\S+)")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\{ file: \./(\S+) \}")]
    private static partial Regex SecretFile();
}
