using System.Runtime.CompilerServices;
using Xunit;

namespace EsoCore.Tests.Support;

/// <summary>
/// Lets other work of this process go on. A turn goes round by the thread pool's common queue, so it waits for what was queued before it
/// and becomes slower together with the work that it makes room for.
/// </summary>
internal static class Turns
{
    /// <summary>How long something is waited for: it only keeps a broken test from hanging.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Passes so many turns.</summary>
    internal static async Task Pass(int turns)
    {
        for (var turn = 0; turn < turns; turn++)
            await Pass();
    }

    /// <summary>Passes turns until a condition holds, and does something before each question but the first.</summary>
    internal static Task Until(
        Func<bool> condition, Func<Task>? between = null, [CallerArgumentExpression(nameof(condition))] string description = "") =>
        Until(() => Task.FromResult(condition()), between, description);

    /// <inheritdoc cref="Until(Func{bool}, Func{Task}?, string)"/>
    internal static async Task Until(
        Func<Task<bool>> condition, Func<Task>? between = null, [CallerArgumentExpression(nameof(condition))] string description = "")
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                Assert.Fail($"Within {Patience} this did not come true: {description}");
            if (between is not null)
                await between();
            await Pass();
        }
    }

    /// <summary>
    /// Moves a clock on in steps until a condition holds, with so many turns after each step, so that what a step started has begun
    /// before the next one.
    /// </summary>
    internal static Task Until(
        Func<bool> condition, FakeTimeProvider clock, TimeSpan step, int turns = 100,
        [CallerArgumentExpression(nameof(condition))] string description = "") =>
        Until(condition, async () =>
        {
            clock.Advance(step);
            for (var turn = 0; turn < turns && !condition(); turn++)
                await Pass();
        }, description);

    private static Task Pass() =>
        Task.Factory.StartNew(static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
}
