using EsoCore.Escalation;
using EsoCore.Grains.Projects;

namespace EsoCore.Grains.Notifications;

/// <summary>What a schedule says at a moment.</summary>
/// <param name="People">Who is on call, as <c>person:&lt;id&gt;</c>; most often one.</param>
/// <param name="Quiet">When notices to the schedule wait, or null.</param>
/// <param name="Fault">Why it names nobody, or null.</param>
internal sealed record OnCallNow(ImmutableArray<string> People, QuietHours? Quiet = null, string? Fault = null)
{
    /// <summary>A schedule that cannot say who is on call.</summary>
    public static OnCallNow Failed(string fault) => new([], Fault: Texts.Cut(fault, NotificationLimits.Detail));
}

/// <summary>The port to the on-call schedules.</summary>
internal interface IOnCall
{
    /// <summary>Who is on call. It may throw: the notifier then falls back as for a schedule that names nobody.</summary>
    ValueTask<OnCallNow> WhoIsOnCall(Guid projectId, string scheduleId, DateTimeOffset at);
}

/// <summary>Asks the schedules' grains.</summary>
internal sealed class GrainOnCall(IGrainFactory grains) : IOnCall
{
    /// <inheritdoc/>
    public async ValueTask<OnCallNow> WhoIsOnCall(Guid projectId, string scheduleId, DateTimeOffset at) =>
        await grains.GetGrain<IOnCallScheduleGrain>(ProjectKey.Of(projectId, scheduleId)).OnCall(at) is { } onCall
            ? new OnCallNow([.. onCall.People.Select(person => $"person:{person}")], onCall.Quiet)
            : OnCallNow.Failed("there is no such schedule");
}
