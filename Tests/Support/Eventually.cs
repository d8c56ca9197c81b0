using Xunit;

namespace EsoCore.Tests.Support;

/// <summary>Waits for what another process does; in one process a test awaits the thing itself.</summary>
internal static class Eventually
{
    /// <summary>Several times the minute that the outbox, the reminders and the notifier may pause between their attempts.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Asks until it holds, and fails with the message if it never does.</summary>
    internal static async Task Holds(Func<Task<bool>> question, Func<string> message)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await question())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                Assert.Fail(message());
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}
