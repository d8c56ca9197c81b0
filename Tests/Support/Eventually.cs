using Xunit;

namespace EsoCore.Tests.Support;

/// <summary>Waits for what another process does; in one process a test awaits the thing itself.</summary>
internal static class Eventually
{
    /// <summary>Questions asked before giving up: a minute.</summary>
    private const int MaxQuestions = 1_200;

    /// <summary>Asks until it holds, and fails with the message if it never does.</summary>
    internal static async Task Holds(Func<Task<bool>> question, Func<string> message)
    {
        for (var i = 0; i < MaxQuestions; i++)
        {
            if (await question())
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        Assert.Fail(message());
    }
}
