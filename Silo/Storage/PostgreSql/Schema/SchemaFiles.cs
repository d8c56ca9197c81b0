using System.Text.RegularExpressions;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>The steps of the schema: embedded files <c>Schema/0001.sql</c>, <c>0001.views.sql</c>, <c>0002.sql</c> and so on.</summary>
internal static partial class SchemaFiles
{
    /// <summary>The newest schema this program knows.</summary>
    public static int Known { get; } = Steps().Max(s => s.Version);

    /// <summary>The files of each version, in the order in which they run.</summary>
    public static IEnumerable<(int Version, string Sql)> After(int version) =>
        Steps().Where(s => s.Version > version).GroupBy(s => s.Version).OrderBy(g => g.Key)
            .Select(g => (g.Key, string.Join('\n', g.OrderBy(s => s.Name.Length).ThenBy(s => s.Name, StringComparer.Ordinal)
                .Select(s => SqlFile.ReadText(typeof(SchemaFiles), s.Name)))));

    private static IEnumerable<(int Version, string Name)> Steps() =>
        from resource in SqlFile.Resources(typeof(SchemaFiles))
        let match = StepName().Match(resource)
        where match.Success
        select (int.Parse(match.Groups["version"].ValueSpan), match.Groups["name"].Value);

    [GeneratedRegex(@"\.Schema\.(?<name>(?<version>\d{4})(\.\w+)?\.sql)$")]
    private static partial Regex StepName();
}
