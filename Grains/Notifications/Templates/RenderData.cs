using System.Collections;

namespace EsoCore.Grains.Notifications;

/// <summary>A template goes through more entries than one text may cost.</summary>
internal sealed class LoopOverflowException() : Exception($"its lists go through more than {RenderBudget.MaxEntries} entries");

/// <summary>What one rendering may cost: the bound on the text stops no list that writes nothing.</summary>
internal sealed class RenderBudget
{
    /// <summary>Entries of lists and maps that one rendering goes through, those of lists in lists each time anew.</summary>
    public const int MaxEntries = 10_000;

    private int _taken;

    /// <summary>Data whose entries count.</summary>
    public static object Bound(Dictionary<string, object?> data) => new RenderMap(data, new RenderBudget());

    /// <summary>Counts an entry.</summary>
    /// <exception cref="LoopOverflowException">There were too many.</exception>
    public void Take()
    {
        if (++_taken > MaxEntries)
            throw new LoopOverflowException();
    }

    /// <summary>The value with its entries counted where it has any.</summary>
    public object? Wrap(object? value) => value switch
    {
        string => value,
        IReadOnlyDictionary<string, object?> map => new RenderMap(map, this),
        IEnumerable list => new RenderList([.. list.Cast<object?>()], this),
        _ => value,
    };
}

/// <summary>A list whose entries count.</summary>
internal sealed class RenderList(ImmutableArray<object?> items, RenderBudget budget) : IReadOnlyList<object?>
{
    public int Count => items.Length;

    public object? this[int index]
    {
        get
        {
            budget.Take();
            return budget.Wrap(items[index]);
        }
    }

    public IEnumerator<object?> GetEnumerator()
    {
        for (var i = 0; i < items.Length; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>A map whose entries count when they are gone through; one asked for by its name costs nothing.</summary>
internal sealed class RenderMap(IReadOnlyDictionary<string, object?> map, RenderBudget budget) : IReadOnlyDictionary<string, object?>
{
    public int Count => map.Count;

    public IEnumerable<string> Keys => this.Select(entry => entry.Key);

    public IEnumerable<object?> Values => this.Select(entry => entry.Value);

    public object? this[string key] => budget.Wrap(map[key]);

    public bool ContainsKey(string key) => map.ContainsKey(key);

    public bool TryGetValue(string key, out object? value)
    {
        var found = map.TryGetValue(key, out var plain);
        value = budget.Wrap(plain);
        return found;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        foreach (var (key, value) in map)
        {
            budget.Take();
            yield return new KeyValuePair<string, object?>(key, budget.Wrap(value));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
