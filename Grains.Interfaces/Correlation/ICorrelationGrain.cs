using EsoCore.Incidents;

namespace EsoCore.Correlation;

/// <summary>
/// Who is whose consequence among the recent incidents of one place. Key: <c>project id/site:&lt;id&gt;</c>, or
/// <c>project id/device:&lt;id&gt;</c> for a device without a site. It has no state of its own: it reads the incidents when it begins.
/// </summary>
public interface ICorrelationGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes an incident as it stands and says what it makes of it. Others whose cause changes with it are told through
    /// <see cref="IIncidentGrain.Judge"/> afterwards.
    /// </summary>
    [AlwaysInterleave]
    Task<CauseVerdict> Report(Incident incident);
}

/// <summary>What the correlation says of an incident.</summary>
/// <param name="CauseId">The incident that it is a consequence of, or null.</param>
/// <param name="IsHeld">Whether that one, or one that it is itself a consequence of, goes on: then this one tells nobody.</param>
/// <param name="Consequences">How many incidents are consequences of it, at any remove.</param>
/// <param name="RecheckAt">When a cause that is over has had time to take its consequences along; null when nothing is to be waited for.</param>
[GenerateSerializer, Immutable, Alias("cause-verdict")]
public sealed record CauseVerdict(Guid IncidentId, Guid? CauseId, bool IsHeld, int Consequences, DateTimeOffset? RecheckAt);

/// <summary>Watches what opens across a project's fleet and finds what many devices, or those of one firmware, have in common. Key: the project id.</summary>
public interface IFleetWatchGrain : IGrainWithStringKey
{
    /// <summary>Takes an incident that has opened and is nobody's consequence. Repeats change nothing.</summary>
    Task Opened(Incident incident);
}
