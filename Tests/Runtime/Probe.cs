using System.Collections.Concurrent;

namespace EsoCore.Tests.Runtime;

/// <summary>What test grains and tests tell each other: gates that grains wait at and notes that grains leave.</summary>
public sealed class Probe
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _noted = new();
    private readonly ConcurrentQueue<string> _notes = new();

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
    public Task Noted(string note) => Of(_noted, note).Task;

    private static TaskCompletionSource Of(ConcurrentDictionary<string, TaskCompletionSource> all, string name) =>
        all.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
