using Microsoft.AspNetCore.Http.Features;

namespace EsoCore.Api;

/// <summary>Ids in paths and grain keys.</summary>
internal static class Ids
{
    /// <summary>Characters of an id that people choose (site, asset code, model).</summary>
    public const int MaxLength = 128;

    public static bool TryParse(string text, out Guid id) => Guid.TryParseExact(text, "D", out id);

    /// <summary>The key of a project's grain that has an id of its own: <c>project/id</c>. The project comes from the caller, never from the request.</summary>
    public static string Key(Scope scope, string id) => $"{scope.ProjectId:D}/{id}";

    /// <summary>
    /// The id in the last segment of the path, as meant. Servers decode all but %2F, lest it cut the path; whether a %2F that is left was sent
    /// so or as %252F only the request line tells, so that is decoded instead, once.
    /// </summary>
    /// <param name="segment">The last segment, as routing gives it.</param>
    public static string FromPath(HttpContext http, string segment)
    {
        if (!segment.Contains("%2F", StringComparison.OrdinalIgnoreCase))
            return segment;
        var target = http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.AsSpan(0, target.IndexOf('?') is >= 0 and var query ? query : target.Length).TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }

    public static string ToPath(string id) => Uri.EscapeDataString(id);

    /// <summary>What is wrong with an id that a person chose, or null.</summary>
    public static string? Fault(string id) =>
        CodeFault(id) is null && !id.AsSpan().ContainsAny('/', '\\') ? null : $"must be 1 to {MaxLength} characters without slashes and control characters";

    /// <summary>What is wrong with a code that devices use, or null: theirs have slashes too.</summary>
    public static string? CodeFault(string id) =>
        id.Length is > 0 and <= MaxLength && id is not ("." or "..") && !id.Any(char.IsControl)
            ? null
            : $"must be 1 to {MaxLength} characters without control characters";
}
