namespace EsoCore.Silo.Hosting;

/// <summary>What a database calls the engines.</summary>
internal static class EngineNames
{
    /// <summary>The engine in the room <c>Runtime</c>.</summary>
    public const string BuiltIn = "builtin";

    /// <summary>Microsoft Orleans.</summary>
    public const string Orleans = "orleans";

    /// <summary>Both.</summary>
    public static readonly IReadOnlyList<string> All = [BuiltIn, Orleans];
}
