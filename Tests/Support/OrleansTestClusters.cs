using EsoCore.Tests.Silo;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Reminders;

namespace EsoCore.Tests.Support;

/// <summary>What test clusters of Orleans need beside what those of both engines need, under the built-in engine's names.</summary>
internal static class OrleansTestClusters
{
    extension(InProcessTestCluster cluster)
    {
        public IGrainFactory GrainFactory => cluster.Client;

        public IServiceProvider ServiceProvider => cluster.Silos[0].ServiceProvider;

        /// <summary>Orleans does not tell what its grains are at.</summary>
        public bool IsQuiet() => true;
    }

    /// <summary>A process that only calls: the client, of which Orleans' test clusters have one.</summary>
    public static Task<OrleansDoor> StartClientAsync(this InProcessTestCluster cluster) => Task.FromResult(new OrleansDoor(cluster.Client));

    /// <summary>How many grains a server holds.</summary>
    public static Task<int> Activations(this RunningSilo silo) =>
        silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetTotalActivationCount();

    /// <summary>Lets a test move the clock of grains, their timers and their reminders; the engine itself goes by the real one.</summary>
    public static void AddTestClock(this IServiceCollection services, TimeProvider clock)
    {
        services.AddSingleton(clock);
        services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
        services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, new GrainClock(clock));
        services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, new ReminderClock(clock));
    }
}

/// <summary>
/// The test's clock for our grains' timers, and the real one for those of the grains that Orleans itself has, such as its streams'.
/// </summary>
internal sealed class GrainClock(TimeProvider test) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => test.GetUtcNow();

    public override long GetTimestamp() => test.GetTimestamp();

    public override long TimestampFrequency => test.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        (IsOrleans(state?.GetType()) ? System : test).CreateTimer(callback, state, dueTime, period);

    /// <summary>A grain's timer is generic over what its grain hands to it.</summary>
    private static bool IsOrleans(Type? timer) =>
        timer is { IsGenericType: true }
        && timer.GenericTypeArguments[0].Namespace?.StartsWith("Orleans", StringComparison.Ordinal) == true;
}

/// <summary>
/// The test's clock for reminders, a little later with each reading while it stands still: Orleans asks for the rest of a wait until none
/// is left, a timer cuts off what is less than a millisecond, and a clock that stood still would be asked forever.
/// </summary>
internal sealed class ReminderClock(TimeProvider test) : TimeProvider
{
    private readonly Lock _gate = new();
    private DateTimeOffset _at;
    private TimeSpan _later;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            var now = test.GetUtcNow();
            if (now != _at)
                (_at, _later) = (now, TimeSpan.Zero);
            _later += TimeSpan.FromMicroseconds(10);
            return now + _later;
        }
    }

    public override long GetTimestamp() => test.GetTimestamp();

    public override long TimestampFrequency => test.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        test.CreateTimer(callback, state, dueTime, period);
}

/// <summary>A process without grains.</summary>
internal sealed record OrleansDoor(IClusterClient Client);
