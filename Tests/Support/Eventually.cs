using Xunit;

namespace EsoCore.Tests.Support;

/// <summary>Waits for what another process does; in one process a test awaits the thing itself.</summary>
internal static class Eventually
{
    /// <summary>Questions asked in a minute.</summary>
    private const int PerMinute = 1_200;

    /// <summary>Asks until it holds, and fails with the message if it never does.</summary>
    internal static async Task Holds(Func<Task<bool>> question, Func<string> message, int minutes = 1)
    {
        for (var i = 0; i < minutes * PerMinute; i++)
        {
            if (await question())
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        Assert.Fail(message());
    }
}
