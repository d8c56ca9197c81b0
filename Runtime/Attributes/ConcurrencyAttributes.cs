namespace EsoCore.Runtime;

/// <summary>On a grain class: its requests may interleave at every await. Turns still run one at a time.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;

/// <summary>
/// On an interface method: it may start while any other request of the grain is suspended, and others may start while it is.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;

/// <summary>On an interface method: it changes nothing, so it may interleave with other read-only methods.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;

/// <summary>
/// On an interface method that returns <see cref="Task"/> or <see cref="ValueTask"/>: the caller does not wait and learns of no failure.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;

/// <summary>On a grain class: several activations of one key may serve at once, so the grain keeps no state of its own.</summary>
/// <param name="maxLocalWorkers">The most activations per key and process; -1, the default, means as many as there are processors.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StatelessWorkerAttribute(int maxLocalWorkers = -1) : Attribute
{
    /// <summary>The most activations per key and process.</summary>
    public int MaxLocalWorkers { get; } = maxLocalWorkers > 0 ? maxLocalWorkers : Environment.ProcessorCount;
}

/// <summary>
/// On an interface method: how long a caller waits for the answer instead of <see cref="RuntimeOptions.ResponseTimeout"/>.
/// </summary>
/// <param name="timeout">A <see cref="TimeSpan"/> as text, for example <c>00:00:05</c>; more than zero.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ResponseTimeoutAttribute(string timeout) : Attribute
{
    /// <summary>The time a caller waits.</summary>
    public TimeSpan? Timeout { get; init; } = TimeSpan.Parse(timeout, System.Globalization.CultureInfo.InvariantCulture);
}
