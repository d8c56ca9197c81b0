namespace EsoCore.Grains.Devices;

/// <summary>
/// The rules about a device's silence: <c>device_offline</c> and <c>missing_data</c>. Asked while a step of the device is computed, so what
/// they write commits with it; they may be asked again for the same step when another activation got in between.
/// </summary>
internal interface IPresenceRules
{
    /// <summary>
    /// The device goes offline with this step, or is online again. A rule whose episode begins or ends with that tells it, cause
    /// <c>device_offline</c>. A device that is offline is not asked by time any more: what is to come of a longer silence must be told
    /// here, as an episode that holds for some time.
    /// </summary>
    /// <param name="state">The device before the step.</param>
    /// <param name="twin">The twin that the step makes.</param>
    /// <param name="online">Whether it is online now.</param>
    /// <param name="at">Offline: when it was heard last. Online: when it was heard.</param>
    /// <param name="writer">Where episodes are told.</param>
    /// <returns>The twin afterwards.</returns>
    ValueTask<Twin> Tell(DeviceState state, Twin twin, bool online, DateTimeOffset at, TransitionWriter writer);

    /// <summary>Time has passed while the device is online: <c>missing_data</c> may hold by now.</summary>
    /// <param name="state">The device before the step.</param>
    /// <param name="twin">The twin that the step makes.</param>
    /// <param name="now">The time.</param>
    /// <param name="writer">Where episodes are told.</param>
    /// <returns>The twin afterwards, and when a rule wants to be asked again although nothing was heard; null: none does.</returns>
    ValueTask<(Twin Twin, DateTimeOffset? Next)> Check(DeviceState state, Twin twin, DateTimeOffset now, TransitionWriter writer);
}

/// <summary>No rules.</summary>
internal sealed class NoPresenceRules : IPresenceRules
{
    public ValueTask<Twin> Tell(DeviceState state, Twin twin, bool online, DateTimeOffset at, TransitionWriter writer) => new(twin);

    public ValueTask<(Twin Twin, DateTimeOffset? Next)> Check(DeviceState state, Twin twin, DateTimeOffset now, TransitionWriter writer) =>
        new((twin, null));
}
