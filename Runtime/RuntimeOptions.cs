using Microsoft.Extensions.Options;

namespace EsoCore.Runtime;

/// <summary>The limits of the engine. They are checked when the silo starts.</summary>
public sealed class RuntimeOptions
{
    /// <summary>
    /// How long a caller waits for an answer, unless the method has a <see cref="ResponseTimeoutAttribute"/>. Default 30 s; 100 ms to 1
    /// hour. It may be up to 200 ms late.
    /// </summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an activation may be idle before it is collected, unless its class says otherwise. Default 15 minutes; 1 minute to 30 days.
    /// </summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often idle activations are looked for. Default 1 minute; 1 second to 1 hour.</summary>
    public TimeSpan CollectionInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long reading states and OnActivateAsync may take. Default 30 s; 100 ms to 1 hour.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long OnDeactivateAsync may take. Default 30 s; 100 ms to 1 hour.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stopping silo waits for its grains to finish. Default 30 s; 0 to 1 hour.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The most requests that wait in one activation's mailbox; a further caller gets a <see cref="LimitExceededException"/>. Default
    /// 10,000; 1 to 1,000,000.
    /// </summary>
    public int MailboxLimit { get; set; } = 10_000;

    /// <summary>
    /// The most items that wait for one consumer of one memory stream; further ones are dropped and logged. Default 10,000; 1 to 1,000,000.
    /// </summary>
    public int StreamQueueLimit { get; set; } = 10_000;
}

/// <summary>Holds the documented bounds of <see cref="RuntimeOptions"/>.</summary>
internal sealed class RuntimeOptionsValidator : IValidateOptions<RuntimeOptions>
{
    private static readonly TimeSpan s_tenth = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, RuntimeOptions options)
    {
        List<string> errors = [];
        Check(nameof(options.ResponseTimeout), options.ResponseTimeout, s_tenth, s_hour);
        Check(nameof(options.CollectionAge), options.CollectionAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        Check(nameof(options.CollectionInterval), options.CollectionInterval, TimeSpan.FromSeconds(1), s_hour);
        Check(nameof(options.ActivationTimeout), options.ActivationTimeout, s_tenth, s_hour);
        Check(nameof(options.DeactivationTimeout), options.DeactivationTimeout, s_tenth, s_hour);
        Check(nameof(options.StopTimeout), options.StopTimeout, TimeSpan.Zero, s_hour);
        Check(nameof(options.MailboxLimit), options.MailboxLimit, 1, 1_000_000);
        Check(nameof(options.StreamQueueLimit), options.StreamQueueLimit, 1, 1_000_000);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check<T>(string property, T value, T least, T most) where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
                errors.Add($"{nameof(RuntimeOptions)}.{property} is {value}; it must be between {least} and {most}.");
        }
    }
}
