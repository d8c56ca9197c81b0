using System.Globalization;

namespace EsoCore.Benchmarks;

/// <summary>Options of a benchmark: <c>--name value</c> and <c>--flag</c>.</summary>
internal sealed class Arguments(string[] arguments)
{
    /// <summary>Whether a flag is given.</summary>
    public bool Has(string name) => Array.IndexOf(arguments, "--" + name) >= 0;

    /// <summary>The value of an option, or null.</summary>
    public string? Get(string name) =>
        Array.IndexOf(arguments, "--" + name) is var at && at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;

    /// <summary>The value of an option as a number, or the default.</summary>
    public int Get(string name, int otherwise) => Get(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
