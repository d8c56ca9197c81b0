using EsoCore.Rules;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>
/// A bounded cache in front of <see cref="IRuleSetGrain"/>, so that a million devices of a project do not all ask its one grain. An edit
/// made in this process is seen at once, one made elsewhere after <see cref="MaxAge"/>, at the latest
/// <see cref="MaxServedAge"/>. Rules are compiled once for each version.
/// </summary>
internal sealed class RuleBooks(IGrainFactory grains, TimeProvider time, ILogger<RuleBooks> log) : IRuleBooks
{
    /// <summary>Projects held; beyond it those that are too old go, and when none is, all.</summary>
    internal const int MaxBooks = 10_000;

    /// <summary>From which age on the next to ask sets off another reading.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    /// <summary>How old an answer may be that is given while another is read; an older one is waited for.</summary>
    internal static readonly TimeSpan MaxServedAge = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Entry> _entries = [];

    /// <inheritdoc/>
    public async ValueTask<RuleBook> Get(Guid projectId) => (await GetCompiled(projectId)).Book;

    /// <summary>
    /// The book with its compiled rules. Callers that ask at one time share one call, and nobody waits for it who can have an answer
    /// that is nearly as new. When the grain cannot answer, the last answer is used if there is one, else its error is thrown.
    /// </summary>
    internal ValueTask<KeptBook> GetCompiled(Guid projectId)
    {
        Entry entry;
        TaskCompletionSource<KeptBook> flight;
        KeptBook? served;
        lock (_gate)
        {
            entry = EntryOf(projectId);
            var age = time.GetElapsedTime(entry.LoadedAt);
            served = entry.IsStale || age >= MaxServedAge ? null : entry.Kept;
            if (served is not null && (age < MaxAge || entry.Flight is not null))
                return ValueTask.FromResult(served);
            if (entry.Flight is { } running)
                return new ValueTask<KeptBook>(running.Task);
            entry.IsStale = false;
            flight = entry.Flight = new TaskCompletionSource<KeptBook>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        var load = Load(projectId, entry, flight);
        return served is null ? new ValueTask<KeptBook>(load) : ValueTask.FromResult(served);
    }

    /// <summary>The next to ask reads anew.</summary>
    internal void Forget(Guid projectId)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(projectId, out var entry))
                entry.IsStale = true;
        }
    }

    private async Task<KeptBook> Load(Guid projectId, Entry entry, TaskCompletionSource<KeptBook> flight)
    {
        var known = entry.Kept;
        try
        {
            var set = await grains.GetGrain<IRuleSetGrain>(projectId.ToString("D")).GetIfChanged(known?.Book.Version ?? -1);
            var kept = set is null ? known! : Keep(set);
            lock (_gate)
            {
                (entry.Kept, entry.LoadedAt, entry.Flight) = (kept, time.GetTimestamp(), null);
                flight.SetResult(kept);
            }
        }
        catch (Exception error)
        {
            lock (_gate)
            {
                entry.Flight = null;
                if (known is null)
                    flight.SetException(error);
                else
                {
                    // The last known are in force; asking again at each batch would only make it worse.
                    entry.LoadedAt = time.GetTimestamp();
                    flight.SetResult(known);
                }
            }
        }

        return await flight.Task;
    }

    private KeptBook Keep(RuleSet set)
    {
        var book = new RuleBook(set.Version, set.Rules.ToImmutableSortedDictionary(rule => rule.Id, rule => rule, StringComparer.Ordinal));
        return new KeptBook(book, new CompiledBook(book, log));
    }

    private Entry EntryOf(Guid projectId)
    {
        if (_entries.TryGetValue(projectId, out var entry))
            return entry;
        if (_entries.Count >= MaxBooks)
            MakeRoom();
        return _entries[projectId] = new Entry();
    }

    private void MakeRoom()
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.Flight is null && time.GetElapsedTime(entry.LoadedAt) >= MaxAge)
                _entries.Remove(key);
        }

        if (_entries.Count >= MaxBooks)
            _entries.Clear();
    }

    private sealed class Entry
    {
        internal KeptBook? Kept { get; set; }

        internal long LoadedAt { get; set; }

        internal bool IsStale { get; set; }

        internal TaskCompletionSource<KeptBook>? Flight { get; set; }
    }
}

/// <summary>A project's rules and what is compiled of them.</summary>
internal sealed record KeptBook(RuleBook Book, CompiledBook Compiled);
