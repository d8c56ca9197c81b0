using System.Collections.Concurrent;

namespace EsoCore.Tests.Runtime;

/// <summary>What test grains and tests tell each other: gates that grains wait at and notes that grains leave.</summary>
public sealed class Probe
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _noted = new();
    private readonly ConcurrentQueue<string> _notes = new();

    /// <summary>How long a test waits, by the real clock, for what must happen: long enough for a busy machine, and then it fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>All notes in order.</summary>
    public string[] Notes => [.. _notes];

    /// <summary>Ends when the gate is opened, now or earlier.</summary>
    public Task Gate(string name) => Of(_gates, name).Task;

    /// <summary>Opens a gate for good.</summary>
    public void Open(string name) => Of(_gates, name).TrySetResult();

    /// <summary>Leaves a note.</summary>
    public void Note(string note)
    {
        _notes.Enqueue(note);
        Of(_noted, note).TrySetResult();
    }

    /// <summary>Ends when the note has been left, now or earlier.</summary>
    /// <exception cref="TimeoutException">It was not left within <see cref="Patience"/>.</exception>
    public async Task Noted(string note)
    {
        try
        {
            await Of(_noted, note).Task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Within {Patience} nobody noted '{note}'. Noted were: {string.Join("; ", _notes)}");
        }
    }

    private static TaskCompletionSource Of(ConcurrentDictionary<string, TaskCompletionSource> all, string name) =>
        all.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
