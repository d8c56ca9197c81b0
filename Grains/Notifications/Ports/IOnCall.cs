using EsoCore.Escalation;
using EsoCore.Grains.Projects;

namespace EsoCore.Grains.Notifications;

/// <summary>The port to the on-call schedules.</summary>
internal interface IOnCall
{
    /// <summary>Who is on call: <c>person:&lt;id&gt;</c>, most often one; empty when nobody is or there is no such schedule.</summary>
    ValueTask<ImmutableArray<string>> WhoIsOnCall(Guid projectId, string scheduleId, DateTimeOffset at);
}

/// <summary>Asks the schedules' grains.</summary>
internal sealed class GrainOnCall(IGrainFactory grains) : IOnCall
{
    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<string>> WhoIsOnCall(Guid projectId, string scheduleId, DateTimeOffset at) =>
        await grains.GetGrain<IOnCallScheduleGrain>(ProjectKey.Of(projectId, scheduleId)).OnCall(at) is { } onCall
            ? [.. onCall.People.Select(person => $"person:{person}")] : [];
}
