using EsoCore.Grains.Config;

namespace EsoCore.Grains.Devices;

/// <content>Whether the device is heard, and who is told of it.</content>
internal sealed partial class DeviceGrain
{
    /// <inheritdoc/>
    public async Task<DateTimeOffset?> CheckLiveness()
    {
        DateTimeOffset? next = null;
        await Step(async (state, writer) =>
        {
            next = null;
            // A row that says otherwise, which an earlier program may have left, is put right.
            if (!state.Twin.ToldOnline && state.Twin.IsPresenceStored)
                return null;
            var now = services.Time.GetUtcNow();
            var silentAt = await SilentAt(state);
            var isOnline = now <= silentAt;
            var heardUs = Math.Max(_lastSeenUs, state.CreatedUs);
            var twin = isOnline ? state.Twin : await Tell(state, state.Twin, online: false, Micros.ToTime(heardUs), writer);
            twin = await AfterStep(state, twin, [], isOnline, now, writer);
            var wanted = await services.Rules.NextLook(DeviceId, state.Traits, twin, now);
            next = !twin.ToldOnline && twin.IsPresenceStored ? null : wanted < silentAt ? wanted : silentAt;
            return twin == state.Twin && writer.Entries.IsEmpty ? null : new StepPlan(twin, NewCommit(state), state);
        });
        return next;
    }

    /// <summary>Tells, with the step being computed, that the device is heard or silent, if that is news; the twin afterwards.</summary>
    private ValueTask<Twin> Tell(DeviceState state, Twin twin, bool online, DateTimeOffset at, TransitionWriter writer) =>
        Presence.IsDue(twin, state.Traits.SiteId, online) ? TellNews(state, twin, online, at, writer) : new(twin);

    private async ValueTask<Twin> TellNews(DeviceState state, Twin twin, bool online, DateTimeOffset at, TransitionWriter writer) =>
        Presence.Tell(DeviceId, state.Traits.ProjectId, twin, (state.Traits.SiteId, online, at), await SilentAt(state), writer);

    /// <summary>
    /// Whether a call that changes nothing else must be written, so that a process that dies takes no more than half an interval with it.
    /// </summary>
    private async ValueTask<bool> IsWorthWriting(DeviceState state, long heardUs)
    {
        var unwritten = TimeSpan.FromMicroseconds(heardUs - Math.Max(state.Twin.LastSeenUs, 0));
        return unwritten > services.Options.LivenessGrace && unwritten > await UploadInterval(state) / 2;
    }

    private async ValueTask<bool> IsOnline() =>
        _lastSeenUs > Twin.Never && services.Time.GetUtcNow() - Micros.ToTime(_lastSeenUs) <= await SilentAfter(_state!);

    /// <summary>The last moment at which a device that stays silent counts as online.</summary>
    private async ValueTask<DateTimeOffset> SilentAt(DeviceState state) =>
        Micros.ToTime(Math.Max(_lastSeenUs, services.ListeningSinceUs)) + await SilentAfter(state);

    private async ValueTask<TimeSpan> SilentAfter(DeviceState state) => await UploadInterval(state) + services.Options.LivenessGrace;

    private async ValueTask<TimeSpan> UploadInterval(DeviceState state) =>
        TimeSpan.FromSeconds((await Config(state)).Settings.UploadIntervalS ?? ConfigDefaults.UploadIntervalS);
}
