namespace EsoCore.Silo.Hosting;

/// <summary>
/// Makes calls again that Orleans turned away: they came to a silo that is stopping, or to a grain that was just moving, and were not
/// begun. After some tries the caller is told, as with the built-in engine, that a silo is not available.
/// </summary>
internal sealed class OrleansRejections : IOutgoingGrainCallFilter
{
    private const int MaxTries = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        for (var attempt = 1; ; attempt++)
        {
            await context.Invoke();

            // Exactly this type: of those that derive from it, some do not know whether the call was begun.
            if (context.Response?.Exception is not { } error || error.GetType() != typeof(OrleansMessageRejectionException))
                return;
            if (attempt == MaxTries)
                throw new SiloUnavailableException(error.Message, error);
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
