using EsoCore.Grains.Common;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Notifications;

/// <summary>Owns one channel, its sealed secrets, and the decision to disable it.</summary>
[GrainType("channel")]
internal sealed class ChannelGrain(
    IResourceStore store,
    ResourceLimits limits,
    NotificationBooks books,
    IWorkStore work,
    IInstallationKeys keys,
    ChannelSenders senders,
    IOptions<NotificationOptions> options,
    TimeProvider time,
    ILogger<ChannelGrain> log) : DocumentGrain<StoredChannel>(store, limits, books, time, ResourceKinds.Channel), IChannelGrain
{
    /// <summary>Refusals in a row; null until read. Stored, because a channel seldom used is forgotten between two messages.</summary>
    private int? _faults;
    private long _workVersion;

    private string Owner => $"channel/{Id}";

    private string Key => ProjectKey.Of(ProjectId, Id);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        try
        {
            await Reseal();
        }
        catch (Exception error)
        {
            // The channel works as it is; the next activation tries again.
            log.LogWarning(error, "The secrets of channel {Channel} of project {ProjectId} could not be sealed anew", Id, ProjectId);
        }
    }

    /// <inheritdoc/>
    public Task<Versioned<ChannelDefinition>?> Get() => Task.FromResult(View(Find()));

    /// <inheritdoc/>
    public async Task<EditResult<ChannelDefinition>> Put(
        ChannelDefinition definition, ChannelSecrets secrets, long? expectedVersion, bool onlyCreate)
    {
        var before = Document.Readable?.Value;
        var kept = before is not null && before.Definition.Kind == definition.Kind ? ChannelVault.Open(keys, Key, before.Sealed) : null;
        var merged = ChannelVault.Merge(kept ?? new ChannelSecrets(), secrets);
        var faults = ChannelValidator.Channel(Id, definition, merged, options.Value.AllowedNetworks.Count > 0);
        if (kept is not null && ChannelVault.IsElsewhere(before!.Definition, kept, definition, merged))
            faults.AddRange(ChannelVault.Unrenewed(kept, secrets));
        if (Id == ChannelSenders.InstallationMail)
            faults.Add(new FieldError("id", $"'{Id}' is the installation's own mail"));
        var stored = new StoredChannel(
            definition with
            {
                Target = definition.Kind == ChannelKinds.Email ? definition.Settings.Host : ChannelVault.Shown(merged.Url),
                Secrets = ChannelVault.Names(merged),
                DisabledReason = definition.Enabled ? null : before?.Definition.DisabledReason,
                DisabledAt = definition.Enabled ? null : before?.Definition.DisabledAt,
            },
            faults.Count > 0 ? "" : ChannelVault.Seal(keys, Key, merged));
        var result = await Write(faults, stored, expectedVersion, onlyCreate);
        if (result.Outcome == EditOutcome.Changed)
            await Count(0, []);
        return View(result);
    }

    /// <inheritdoc/>
    public async Task<EditResult<ChannelDefinition>> Delete(long? expectedVersion) => View(await Remove(expectedVersion));

    /// <inheritdoc/>
    public async Task<ChannelTest?> Test(string? to)
    {
        if (Find() is not { Value: var channel })
            return null;
        if (senders.Open(ProjectId, Id, channel) is not { } access)
            return new ChannelTest("permanent", ChannelSenders.CannotOpen, 0);
        var address = to ?? channel.Definition.Settings.To.FirstOrDefault() ?? "";
        var began = Time.GetTimestamp();
        var result = await senders.Send(channel.Definition.Kind, TestMessage(access, address), CancellationToken.None);
        return new ChannelTest(result.Outcome.ToString().ToLowerInvariant(), result.Detail,
            (long)Time.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <inheritdoc/>
    public async Task Fared(bool refused, string detail)
    {
        if (!refused)
            await Count(0, []);
        else if (Document.Current is { Value.Definition.Enabled: true } current)
        {
            await Count(await Faults() + 1, []);
            if (await Faults() >= IChannelGrain.MaxFaults)
                await Disable(current, detail);
        }
    }

    /// <summary>Seals the secrets by the master key in force while the one before it still opens them: it may be taken away soon.</summary>
    private async Task Reseal()
    {
        if (Document.Current is not { Value: var stored } current || ChannelVault.KeyOf(stored.Sealed) is not { } by
            || by == keys.Current(KeyPurposes.ChannelSeal).KeyId || ChannelVault.Open(keys, Key, stored.Sealed) is not { } secrets)
            return;
        var anew = stored with { Sealed = ChannelVault.Seal(keys, Key, secrets) };
        await Write([], anew, current.Version, onlyCreate: false, actor: CallActor.System);
    }

    private async Task<int> Faults()
    {
        if (_faults is { } known)
            return known;
        var stored = await work.Load(ProjectId, Owner, CancellationToken.None);
        _workVersion = stored?.Version ?? 0;
        _faults = stored is null ? 0 : NotificationJson.Read<StoredFaults>(stored.Body).InARow;
        return _faults.Value;
    }

    /// <summary>Stores the count with lines of the trail; what changes nothing costs nothing.</summary>
    private async Task Count(int faults, ImmutableArray<LogEntry> log)
    {
        if (await Faults() == faults && log.IsEmpty)
            return;
        var commit = new WorkCommit(ProjectId, Owner, _workVersion, NotificationJson.Write(new StoredFaults(faults)), [], log);
        _faults = null; // Until it is known to stand; a count lost to a second activation is made up by the next refusal.
        if (await work.Commit(commit, CancellationToken.None))
            (_faults, _workVersion) = (faults, commit.ExpectedVersion + 1);
    }

    /// <summary>Tells first and writes last: after a crash in between all of it is done again, under the same ids.</summary>
    private async Task Disable(Versioned<StoredChannel> current, string detail)
    {
        var now = Time.GetUtcNow();
        var definition = current.Value.Definition;
        var reason = $"refused {IChannelGrain.MaxFaults} times in a row: {detail}";
        var id = StableId.Of("channel-disabled", Key, $"{current.Version}");
        await GrainFactory.GetGrain<INotifierGrain>(ProjectKey.Of(ProjectId, $"team:{BuiltInTeams.Owner}"))
            .Enqueue([DisabledNotice(id, definition, reason, now)]);

        var line = new LogEntry(id, now, "system", "channel.disabled", null, null,
            NotificationJson.Write(new { channel = Id, kind = definition.Kind, name = definition.Name, reason }));
        await Count(await Faults(), [line]);

        var disabled = current.Value with { Definition = definition with { Enabled = false, DisabledReason = reason, DisabledAt = now } };
        await Write([], disabled, current.Version, onlyCreate: false, actor: CallActor.System);
    }

    private Notice DisabledNotice(Guid id, ChannelDefinition channel, string reason, DateTimeOffset now)
    {
        var incident = new Incident(
            id, 1, ProjectId, "channel_disabled", SubjectKey.Project.ToString(), IncidentStatus.Open, "high",
            $"The channel '{channel.Name}' is disabled", $"Messages through the {channel.Kind} channel '{Id}' were {reason}",
            "channel_disabled", null, 0, new EpisodeSource(Guid.Empty, "", "", null, null, null), now, now, now, null, null, null,
            null, null,
            1, 0, null, null, 0, "");
        return new Notice(id, NoticeKind.Opened, incident, [], $"channel/{Id}", now);
    }

    private OutgoingMessage TestMessage(ChannelAccess access, string to) => new(
        Guid.CreateVersion7(Time.GetUtcNow()), access, to, "EsoCore: test message",
        "This is a test message. Whoever reads it is reached through this channel.", "info", """{"type":"test"}""",
        ImmutableSortedDictionary<string, string>.Empty, Time.GetUtcNow());

    private sealed record StoredFaults(int InARow);

    private static Versioned<ChannelDefinition>? View(Versioned<StoredChannel>? stored) =>
        stored is null ? null : new Versioned<ChannelDefinition>(stored.Id, stored.Version, stored.Value.Definition);

    private static EditResult<ChannelDefinition> View(EditResult<StoredChannel> result) =>
        new(result.Outcome, View(result.Current), result.Errors);
}
