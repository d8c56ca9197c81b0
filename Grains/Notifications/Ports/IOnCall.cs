namespace EsoCore.Grains.Notifications;

/// <summary>The port to the on-call schedules.</summary>
internal interface IOnCall
{
    /// <summary>Who is on call: <c>person:&lt;id&gt;</c>, most often one; empty when nobody is or there is no such schedule.</summary>
    ValueTask<ImmutableArray<string>> WhoIsOnCall(Guid projectId, string scheduleId, DateTimeOffset at);
}

/// <summary>Stands in where no schedules are registered: nobody is on call.</summary>
internal sealed class NobodyOnCall : IOnCall
{
    /// <inheritdoc/>
    public ValueTask<ImmutableArray<string>> WhoIsOnCall(Guid projectId, string scheduleId, DateTimeOffset at) => new([]);
}
