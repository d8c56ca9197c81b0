using System.Collections.Frozen;
using System.Text;

namespace EsoCore.Silo.Storage;

/// <summary>
/// The statements of an embedded <c>.sql</c> file that stands beside the class that runs them. Each begins with a line <c>-- name: x</c>;
/// the other comments explain and are left out of what the database is given.
/// </summary>
internal sealed class SqlFile
{
    private const string NamePrefix = "-- name: ";
    private readonly FrozenDictionary<string, string> _statements;

    private SqlFile(FrozenDictionary<string, string> statements) => _statements = statements;

    /// <summary>The names of all statements.</summary>
    public IEnumerable<string> Names => _statements.Keys;

    /// <summary>The statement of that name; asking for one that is not there is a bug.</summary>
    public string this[string name] => _statements[name];

    /// <summary>Reads the file named as the class.</summary>
    public static SqlFile Of<T>() => Of(typeof(T));

    /// <summary>Reads the file named as the class.</summary>
    public static SqlFile Of(Type owner)
    {
        var statements = new Dictionary<string, string>();
        string? name = null;
        var body = new StringBuilder();
        foreach (string line in ReadText(owner, owner.Name + ".sql").Split('\n'))
        {
            if (line.StartsWith(NamePrefix, StringComparison.Ordinal))
            {
                Keep();
                name = line[NamePrefix.Length..].Trim();
            }
            else if (!line.TrimStart().StartsWith("--", StringComparison.Ordinal))
            {
                body.Append(line).Append('\n');
            }
        }

        Keep();
        return new SqlFile(statements.ToFrozenDictionary());

        void Keep()
        {
            if (name is not null)
                statements.Add(name, body.ToString().Trim());
            body.Clear();
        }
    }

    /// <summary>The text of an embedded file in a folder of the engine (the namespace) that the class belongs to.</summary>
    public static string ReadText(Type owner, string fileName)
    {
        string resource = Resources(owner).Single(n => n.EndsWith("." + fileName, StringComparison.Ordinal));
        using var reader = new StreamReader(owner.Assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The names of all embedded files of the engine that the class belongs to.</summary>
    public static IEnumerable<string> Resources(Type owner) =>
        owner.Assembly.GetManifestResourceNames().Where(n => n.StartsWith(owner.Namespace + ".", StringComparison.Ordinal));
}
