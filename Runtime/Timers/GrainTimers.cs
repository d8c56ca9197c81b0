using System.Diagnostics.CodeAnalysis;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime;

/// <summary>A timer of a grain. It stops when disposed and when the activation ends; it does not survive the activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets when the timer fires next and how long after the end of one callback the next begins.</summary>
    /// <param name="dueTime">Zero or more, or <see cref="Timeout.InfiniteTimeSpan"/> for never.</param>
    /// <param name="period">More than zero, or <see cref="Timeout.InfiniteTimeSpan"/> for once.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative, or longer than 49 days.</exception>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>How a grain timer behaves.</summary>
public readonly struct GrainTimerCreationOptions()
{
    /// <summary>Sets both times.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this()
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>The time until the first callback; <see cref="Timeout.InfiniteTimeSpan"/> for never.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>
    /// The time from the end of one callback to the beginning of the next; <see cref="Timeout.InfiniteTimeSpan"/> for once.
    /// </summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether callbacks may start while a request is suspended; default false: they wait their turn as a request would.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether a callback counts as use of the grain and so keeps it from being collected; default false.</summary>
    public bool KeepAlive { get; init; }
}

/// <summary>Registers timers.</summary>
public static class GrainTimerExtensions
{
    /// <summary>Runs a callback as a turn of the grain, again and again. A callback that throws is logged, and the timer goes on.</summary>
    /// <param name="grain">The grain whose turns the callback takes.</param>
    /// <param name="callback">What to run; its token is cancelled when the timer is disposed or the grain deactivates.</param>
    /// <param name="state">Handed to the callback.</param>
    /// <param name="options">When and how.</param>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative, or longer than 49 days.</exception>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return ((Activation)grain.GrainContext).RegisterTimer(callback, state, options);
    }

    /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState,
    /// GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer(
        this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options) =>
        grain.RegisterGrainTimer(static (callback, token) => callback(token), callback, options);

    /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState,
    /// GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, GrainTimerCreationOptions options) =>
        grain.RegisterGrainTimer(static (callback, _) => callback(), callback, options);

    /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState,
    /// GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, Task> callback, TState state, GrainTimerCreationOptions options) =>
        grain.RegisterGrainTimer(static (both, _) => both.callback(both.state), (callback, state), options);

    /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState,
    /// GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, TimeSpan dueTime, TimeSpan period) =>
        grain.RegisterGrainTimer(callback, new GrainTimerCreationOptions(dueTime, period));

    /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState,
    /// GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer(
        this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period) =>
        grain.RegisterGrainTimer(callback, new GrainTimerCreationOptions(dueTime, period));

    /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState,
    /// GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, TimeSpan dueTime, TimeSpan period) =>
        grain.RegisterGrainTimer(callback, state, new GrainTimerCreationOptions(dueTime, period));
}
