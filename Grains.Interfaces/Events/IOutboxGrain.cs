namespace EsoCore.Events;

/// <summary>
/// Re-sends transitions that nobody has confirmed. Key: a shard number, <c>0</c> to <see cref="Shards"/> - 1, of the device number.
/// Two of one shard at once do no harm: receivers drop repeats.
/// </summary>
public interface IOutboxGrain : IGrainWithStringKey
{
    /// <summary>How many share the work.</summary>
    const int Shards = 16;

    /// <summary>Starts the shard's timer and reminder; further calls change nothing.</summary>
    Task Start();
}
