using EsoCore.Notifications;

namespace EsoCore.Api;

/// <summary>A channel, without its secrets.</summary>
/// <param name="Kind">email, sms, slack, teams, webhook or ticket.</param>
/// <param name="Target">Where it leads, as far as it may be shown.</param>
/// <param name="Secrets">Names of the secrets that are set.</param>
/// <param name="DisabledReason">Why the server disabled it, or null. <c>enabled: true</c> takes it back into use.</param>
internal sealed record ChannelBody(
    string Id, string Name, [property: ChannelKind] string Kind, bool Enabled, ChannelSettingsBody Settings, string? Target,
    ImmutableArray<string> Secrets, string? DisabledReason, DateTimeOffset? DisabledAt)
{
    public ChannelBody(Versioned<ChannelDefinition> channel)
        : this(channel.Id, channel.Value.Name, channel.Value.Kind, channel.Value.Enabled, new ChannelSettingsBody(channel.Value.Settings),
            channel.Value.Target, channel.Value.Secrets, channel.Value.DisabledReason, channel.Value.DisabledAt)
    {
    }
}

/// <summary>What a channel of its kind needs.</summary>
/// <param name="To">email, sms: addresses for messages to the channel itself.</param>
/// <param name="Host">email: the SMTP server.</param>
/// <param name="Port">email: default 587.</param>
/// <param name="Security">email: starttls (default), tls or none.</param>
/// <param name="User">email: the login.</param>
/// <param name="From">email: the sender.</param>
/// <param name="Method">sms, ticket: POST (default), PUT or, for sms, GET.</param>
/// <param name="ContentType">sms, ticket: default application/json.</param>
/// <param name="Body">
/// sms, ticket: with placeholders to, subject, text, key, severity, recipient, incident_id, rule, device_id, site_id, asset_id, project_id
/// and count in double braces.
/// </param>
internal sealed record ChannelSettingsBody(
    ImmutableArray<string>? To, string? Host, int? Port, [property: Words("starttls", "tls", "none")] string? Security, string? User,
    string? From, [property: Words("POST", "PUT", "GET")] string? Method,
    [property: Words("application/json", "application/x-www-form-urlencoded", "text/plain")] string? ContentType, string? Body)
{
    public ChannelSettingsBody(ChannelSettings settings)
        : this(settings.To, settings.Host, settings.Port, settings.Security, settings.User, settings.From, settings.Method,
            settings.ContentType,
            settings.Body)
    {
    }
}

/// <summary>
/// A new channel. Secrets (<c>url</c>, <c>password</c>, <c>secret</c>, <c>headers</c>) are taken and never shown; which are needed is the
/// kind's to say.
/// </summary>
/// <param name="Id">Minted when absent.</param>
/// <param name="Enabled">Default true.</param>
/// <param name="Url">slack, teams, webhook, sms, ticket: where requests go; https.</param>
/// <param name="Password">email: of the login.</param>
/// <param name="Secret">webhook: at least 16 characters; requests are signed with it.</param>
/// <param name="Headers">sms, ticket: request headers.</param>
internal sealed record NewChannelForm(
    string? Id, string Name, [property: ChannelKind] string Kind, bool? Enabled, ChannelSettingsBody? Settings, string? Url,
    string? Password, string? Secret, ImmutableSortedDictionary<string, string>? Headers);

/// <summary>A change of a channel: what is absent stays, secrets too, what is null is cleared.</summary>
/// <param name="Url">slack, teams, webhook, sms, ticket: where requests go; https.</param>
/// <param name="Password">email: of the login.</param>
/// <param name="Secret">webhook: at least 16 characters; requests are signed with it.</param>
/// <param name="Headers">sms, ticket: request headers.</param>
internal sealed record ChannelForm(
    string? Name, [property: ChannelKind] string? Kind, bool? Enabled, ChannelSettingsBody? Settings, string? Url, string? Password,
    string? Secret, ImmutableSortedDictionary<string, string>? Headers);

/// <summary>A page of channels.</summary>
internal sealed record ChannelList(IEnumerable<ChannelBody> Channels) : DocumentList;

/// <summary>Where a test message goes.</summary>
/// <param name="To">email, sms: an address; absent: the channel's own first one.</param>
internal sealed record ChannelTestForm(string? To);

/// <summary>Channels, <c>/api/channels</c>.</summary>
internal static class ChannelRoutes
{
    private const string Tag = "Channels";
    private const int MaxSecret = 4_096;

    public static DocumentRoutes<ChannelDefinition, (ChannelDefinition Definition, ChannelSecrets Secrets)> Channels { get; } = new(
        "/api/channels", Tag, "channel", ("Channel", "Channels"),
        (grains, key) =>
        {
            var grain = grains.GetGrain<IChannelGrain>(key);
            return new(
                grain.Get, (edit, version, onlyCreate) => grain.Put(edit.Definition, edit.Secrets, version, onlyCreate), grain.Delete);
        },
        (project, page) => project.ListChannels(page), (form, current, _) => (Read(form, current), ReadSecrets(form)),
        channel => new ChannelBody(channel), channels => new ChannelList(channels.Select(c => new ChannelBody(c))));

    public static void MapTest(RouteGroupBuilder routes) => routes.MapPost("/{id}/test", Test)
        .Doc("testChannel", Tag, "Send a test message now and tell what happened", doc =>
            doc.Takes<ChannelTestForm>(optional: true).Refuses(404))
        .Gives<ChannelTest>();

    private static async Task<IResult> Test(HttpContext http, string id, IGrainFactory grains)
    {
        var grain = grains.GetGrain<IChannelGrain>(Ids.Key(Caller.Of(http).Scope, id));
        if (await grain.Get() is null)
            return Problems.NotFound("channel");
        var (form, unread) = await Answers.ReadForm(http, optional: true);
        if (form is null)
            return unread!;
        var to = form.Text("to", 254);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        return await grain.Test(to) is { } tested ? Results.Json(tested, ApiJson.Options) : Problems.NotFound("channel");
    }

    private static ChannelDefinition Read(JsonForm form, ChannelDefinition? current)
    {
        var settings = form.IsNull("settings") ? new ChannelSettings([])
            : form.Child("settings") is { } given ? ReadSettings(given, current?.Settings)
            : current?.Settings ?? new ChannelSettings([]);
        return new ChannelDefinition(
            form.Text("name", 128, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
            form.Text("kind", 16, required: current is null || form.IsNull("kind")) ?? current?.Kind ?? "",
            form.Flag("enabled") ?? current?.Enabled ?? true,
            settings, null, [], null, null);
    }

    private static ChannelSettings ReadSettings(JsonForm form, ChannelSettings? current) => new(
        form.ListOr("to", ChannelSettings.MaxTo, 254, current?.To),
        form.TextOr("host", 253, current?.Host),
        form.IsNull("port") ? null : (int?)form.Whole("port", 1, 65_535) ?? current?.Port,
        form.TextOr("security", 16, current?.Security),
        form.TextOr("user", 256, current?.User),
        form.TextOr("from", 254, current?.From),
        form.TextOr("method", 8, current?.Method),
        form.TextOr("content_type", 64, current?.ContentType),
        form.TextOr("body", 8_192, current?.Body));

    /// <summary>Null is a secret left as it is, empty one taken away; so a null that was sent becomes empty.</summary>
    private static ChannelSecrets ReadSecrets(JsonForm form) => new(
        form.IsNull("url") ? "" : form.Text("url", MaxSecret),
        form.IsNull("password") ? "" : form.Text("password", MaxSecret),
        form.IsNull("secret") ? "" : form.Text("secret", MaxSecret),
        form.IsNull("headers") ? ImmutableSortedDictionary<string, string>.Empty : form.TextMap("headers", MaxSecret));
}
