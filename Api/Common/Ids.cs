namespace EsoCore.Api;

/// <summary>Ids in paths and grain keys.</summary>
internal static class Ids
{
    /// <summary>Characters of an id that people choose (site, asset code, model).</summary>
    public const int MaxLength = 128;

    public static bool TryParse(string text, out Guid id) => Guid.TryParseExact(text, "D", out id);

    /// <summary>The key of a project's grain that has an id of its own: <c>project/id</c>. The project comes from the caller, never from the request.</summary>
    public static string Key(Scope scope, string id) => $"{scope.ProjectId:D}/{id}";

    /// <summary>A path segment as meant: servers leave %2F as it stands, lest it cut the path.</summary>
    public static string FromPath(string segment) => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public static string ToPath(string id) => Uri.EscapeDataString(id);

    /// <summary>What is wrong with an id that a person chose, or null.</summary>
    public static string? Fault(string id) =>
        id.Length is > 0 and <= MaxLength && id is not ("." or "..") && !id.Any(c => char.IsControl(c) || c is '/' or '\\')
            ? null
            : $"must be 1 to {MaxLength} characters without slashes and control characters";
}
