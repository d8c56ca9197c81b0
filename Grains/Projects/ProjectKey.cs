namespace EsoCore.Grains.Projects;

/// <summary>
/// Keys of what belongs to a project, <c>project/id</c>: the project as a lower-case UUID of 36 characters, then whatever its people call
/// the thing. Only the first slash separates, so that asset codes of old machines may hold one.
/// </summary>
internal static class ProjectKey
{
    private const int ProjectLength = 36;

    /// <summary>The grain key of a thing in a project.</summary>
    public static string Of(Guid projectId, string id) => $"{projectId:D}/{id}";

    /// <summary>The project and id that a grain key names.</summary>
    /// <exception cref="ArgumentException">The key has another form: a fault of the caller, never of a user.</exception>
    public static (Guid ProjectId, string Id) Parse(string key) =>
        key.Length > ProjectLength + 1 && key[ProjectLength] == '/' && Guid.TryParseExact(key.AsSpan(0, ProjectLength), "D", out var project)
            ? (project, key[(ProjectLength + 1)..])
            : throw new ArgumentException($"'{key}' is not of the form project/id.", nameof(key));
}
