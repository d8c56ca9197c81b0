using Microsoft.Extensions.Options;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// How members watch each other. They are checked when the silo starts, against each other too. All members of a cluster should have the
/// same; while they differ, the most impatient one evicts.
/// </summary>
public sealed class MembershipOptions
{
    /// <summary>How often a member raises its counter, and how often it reads the table. Default 500 ms; 20 ms to 10 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A member whose counter stands still for so long is evicted; a process that itself stood still for so long serves nothing until it
    /// knows that it was not. Default 2 s; at least 4 heartbeat intervals, at most 5 minutes.
    /// </summary>
    public TimeSpan EvictAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The same for a member whose connections are refused or reset. Default 1 s; at least 2 heartbeat intervals, at most
    /// <see cref="EvictAfter"/>.
    /// </summary>
    public TimeSpan EvictUnreachableAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a statement to the table may take before it counts as failed. Default 1 s; at least 10 ms, at most half of
    /// <see cref="EvictAfter"/>.
    /// </summary>
    public TimeSpan TableTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the rows of dead members are kept, for people to read. Default 1 hour; 1 minute to 30 days.</summary>
    public TimeSpan KeepDeadFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Reads further apart than this are no regular reads: what was seen before them says nothing about silence.</summary>
    internal TimeSpan MaxReadGap => EvictAfter / 2;

    /// <summary>How long a leaving member stays at least: time for all to have read twice that it leaves.</summary>
    internal TimeSpan HandOverTime => 2 * HeartbeatInterval;
}

/// <summary>Holds the documented bounds of <see cref="MembershipOptions"/>.</summary>
internal sealed class MembershipOptionsValidator : IValidateOptions<MembershipOptions>
{
    public ValidateOptionsResult Validate(string? name, MembershipOptions options)
    {
        List<string> errors = [];
        Check(nameof(options.HeartbeatInterval), options.HeartbeatInterval, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(10));
        Check(nameof(options.EvictAfter), options.EvictAfter, 4 * options.HeartbeatInterval, TimeSpan.FromMinutes(5));
        Check(nameof(options.EvictUnreachableAfter), options.EvictUnreachableAfter, 2 * options.HeartbeatInterval, options.EvictAfter);
        Check(nameof(options.TableTimeout), options.TableTimeout, TimeSpan.FromMilliseconds(10), options.EvictAfter / 2);
        Check(nameof(options.KeepDeadFor), options.KeepDeadFor, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string property, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
                errors.Add($"{nameof(MembershipOptions)}.{property} is {value}; it must be between {least} and {most}.");
        }
    }
}
