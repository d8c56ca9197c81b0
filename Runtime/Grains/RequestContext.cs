using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime;

/// <summary>
/// Values that travel with a call, from caller to callee and on to its callees, never back. They are for what is beside the matter, such as
/// a trace id: they cost more than arguments.
/// </summary>
public static class RequestContext
{
    // The request rides along so that, where requests interleave, a continuation still knows whose it is.
    internal static readonly AsyncLocal<CallContext?> Current = new();

    /// <summary>The names in use.</summary>
    public static IEnumerable<string> Keys => Current.Value?.Values is { } values ? values.Keys : [];

    /// <summary>The names and values in use.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Entries => Current.Value?.Values is { } values ? values : [];

    /// <summary>The value under this name, or null.</summary>
    public static object? Get(string key) =>
        Current.Value?.Values is { } values && values.TryGetValue(key, out object? value) ? value : null;

    /// <summary>Sets a value for the rest of this method and the calls it makes.</summary>
    /// <param name="key">The name.</param>
    /// <param name="value">The value; immutable, as it is shared.</param>
    public static void Set(string key, object value)
    {
        CallContext? current = Current.Value;
        Dictionary<string, object> values = current?.Values is { } old ? new(old) : new(1);
        values[key] = value;
        Current.Value = new CallContext(values, current?.Request);
    }

    /// <summary>Removes a value; false if there was none.</summary>
    public static bool Remove(string key)
    {
        CallContext? current = Current.Value;
        if (current?.Values is not { } old || !old.ContainsKey(key)) return false;
        Dictionary<string, object>? values = old.Count == 1 ? null : new(old);
        values?.Remove(key);
        Current.Value = new CallContext(values, current.Request);
        return true;
    }

    /// <summary>Removes all values.</summary>
    public static void Clear()
    {
        if (Current.Value is { Values: not null } current) Current.Value = new CallContext(null, current.Request);
    }
}

/// <summary>What flows with an asynchronous method: the caller's values, never changed once set, and the request being served.</summary>
internal sealed class CallContext(Dictionary<string, object>? values, GrainRequest? request)
{
    public Dictionary<string, object>? Values { get; } = values;

    public GrainRequest? Request { get; } = request;
}
