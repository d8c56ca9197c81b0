using System.Runtime.CompilerServices;
using EsoCore.Grains.Notifications;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EsoCore.Tests.Notifications;

/// <summary>
/// A cluster whose notifiers write into <see cref="Work"/> and send through <see cref="Mail"/> and <see cref="Webhook"/>.
/// </summary>
internal sealed class NotifierCluster : IAsyncDisposable
{
    private GrainCluster _cluster = null!;

    private NotifierCluster()
    {
        Mail = new FakeSender(ChannelKinds.Email, () => _cluster.Time.GetUtcNow());
        Webhook = new FakeSender(ChannelKinds.Webhook, () => _cluster.Time.GetUtcNow());
    }

    public FakeWorkStore Work { get; } = new();

    public FakeSender Mail { get; }

    public FakeSender Webhook { get; }

    public GrainCluster Cluster => _cluster;

    public FakeTimeProvider Time => _cluster.Time;

    public IGrainFactory Grains => _cluster.Client;

    public INotifierGrain Safety => Grains.GetGrain<INotifierGrain>(Key("team:safety"));

    public static async Task<NotifierCluster> StartAsync(Action<IServiceCollection>? more = null)
    {
        var made = new NotifierCluster();
        made._cluster = await GrainCluster.StartAsync(Notices.Noon, services =>
        {
            services.AddSingleton<IWorkStore>(made.Work);
            services.Configure<NotificationOptions>(options =>
            {
                options.Smtp.Host = "mail.example.com";
                options.AllowedNetworks = ["127.0.0.0/8"];
            });
            if (more is not null)
                more(services);
            else
            {
                services.AddSingleton<IChannelSender>(made.Mail);
                services.AddSingleton<IChannelSender>(made.Webhook);
            }
        });
        return made;
    }

    public static string Key(string id) => ProjectKey.Of(Notices.Project, id);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    public async Task AddPerson(string id, string email)
    {
        var result = await Grains.GetGrain<IPersonGrain>(Key(id)).Put(new PersonDefinition(id, email, null, null, null, null), null, true);
        Xunit.Assert.Equal(EditOutcome.Created, result.Outcome);
    }

    public async Task SetTeam(string id, params string[] members)
    {
        var result = await Grains.GetGrain<ITeamGrain>(Key(id)).Put(new TeamDefinition(id, [.. members], [], null), null, false);
        Xunit.Assert.Empty(result.Errors);
    }

    public async Task<Versioned<ChannelDefinition>> AddWebhook(string id, string url = "https://example.com/hook/token")
    {
        var definition = new ChannelDefinition(id, ChannelKinds.Webhook, true, new ChannelSettings([]), null, [], null, null);
        var secrets = new ChannelSecrets(Url: url, Secret: "0123456789abcdef");
        var result = await Grains.GetGrain<IChannelGrain>(Key(id)).Put(definition, secrets, null, true);
        Xunit.Assert.Empty(result.Errors);
        return result.Current!;
    }

    /// <summary>Moves the clock on by seconds until a condition holds.</summary>
    public Task Pass(Func<bool> until, [CallerArgumentExpression(nameof(until))] string description = "") =>
        _cluster.Run(until, description: description);
}
