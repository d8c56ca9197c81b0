using System.Collections.Concurrent;
using System.Reflection;
using EsoCore.Devices;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Makes calls again that Orleans turned away: they came to a silo that is stopping, or to a grain that was just moving, and were not
/// begun. After some tries the caller is told, as with the built-in engine, that a silo is not available.
/// </summary>
/// <param name="patience">
/// How long a call may take. A front door's client never learns that the silo behind its gateway was lost, so without this a call in
/// flight would wait for the method's whole timeout; what came of it, a repeat finds out. Methods that say how long they may take are
/// given that time, but for those of devices: the door makes an upload without an answer once more.
/// </param>
internal sealed class OrleansRejections(TimeSpan patience) : IOutgoingGrainCallFilter
{
    private const int MaxTries = 50;

    /// <summary>How the placement of a stopping silo ends its refusal of a call that it has passed on to nobody.</summary>
    private const string Stopping = "is shutting down.";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<MethodInfo, TimeSpan> _patience = [];

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        for (var attempt = 1; ; attempt++)
        {
            Exception? rejection;
            try
            {
                await context.Invoke().WaitAsync(PatienceWith(context.InterfaceMethod), TimeProvider.System);
                rejection = context.Response?.Exception;
            }
            catch (OrleansException e) when (IsRejection(e))
            {
                rejection = e;
            }

            if (!IsRejection(rejection))
                return;
            if (attempt == MaxTries)
                throw new SiloUnavailableException(rejection!.Message, rejection);
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    private TimeSpan PatienceWith(MethodInfo method) => _patience.GetOrAdd(method, called =>
        called.DeclaringType != typeof(IDeviceGrain) && called.GetCustomAttribute<ResponseTimeoutAttribute>() is not null
            ? Timeout.InfiniteTimeSpan : patience);

    /// <summary>Exactly this type: of those that derive from it, some do not know whether the call was begun.</summary>
    private static bool IsRejection(Exception? error) =>
        error?.GetType() == typeof(OrleansMessageRejectionException)
        || (error is SiloUnavailableException && error.Message.EndsWith(Stopping, StringComparison.Ordinal));
}
