namespace EsoCore;

/// <summary>Which part of a list is asked for.</summary>
/// <param name="Limit">Items at most, 1 to <see cref="MaxLimit"/>.</param>
/// <param name="After">The page token of the page before, or null for the first page.</param>
[GenerateSerializer, Immutable, Alias("page-request")]
public sealed record PageRequest(int Limit = PageRequest.DefaultLimit, string? After = null)
{
    /// <summary>Items a page when the caller names no limit.</summary>
    public const int DefaultLimit = 100;

    /// <summary>The largest page anyone gets.</summary>
    public const int MaxLimit = 10_000;
}

/// <summary>One page of a list.</summary>
/// <param name="Items">The items, in the list's order.</param>
/// <param name="Next">The token that continues after the last item, or null when this is the last page.</param>
[GenerateSerializer, Immutable, Alias("page`1")]
public sealed record Page<T>(ImmutableArray<T> Items, string? Next)
{
    /// <summary>Ids of documents that belong on this page and cannot be read; they can be replaced and deleted.</summary>
    [Id(0)]
    public ImmutableArray<string> Damaged { get; init; } = [];
}
