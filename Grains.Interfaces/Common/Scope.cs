namespace EsoCore;

/// <summary>
/// What a caller may see and change: one project. Every query and every grain call made for a user or key carries it, taken from the
/// authenticated caller and never from the request's own data; whatever lies outside is answered as if it did not exist.
/// </summary>
[GenerateSerializer, Immutable, Alias("scope")]
public sealed record Scope(Guid ProjectId);
