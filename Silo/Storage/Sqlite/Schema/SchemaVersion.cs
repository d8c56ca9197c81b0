namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Brings the file to the schema that this program knows, in one transaction. Steps expand; a file that a newer program has touched stays
/// usable by this one as long as the file says so.
/// </summary>
internal static class SchemaVersion
{
    /// <summary>The newest schema this program knows; its steps are the files <c>0001.sql</c> up to it.</summary>
    public const int Known = 4;

    /// <summary>Creates or migrates the schema, or throws when the file is too new for this program.</summary>
    public static void Migrate(Db db)
    {
        db.Use(Db.BeginWrite).Run();
        try
        {
            int version = Read(db, out int oldestProgram);
            if (version > Known && oldestProgram > Known)
            {
                throw new InvalidOperationException(
                    $"The data file has schema {version}, which serves programs that know schema {oldestProgram} or later; " +
                    $"this program knows {Known}. Start a newer program.");
            }

            // Each file sets schema_version itself, so that a file and its number cannot part.
            for (int step = version + 1; step <= Known; step++)
                db.Execute(SqlFile.ReadText(typeof(SchemaVersion), $"Schema.{step:0000}.sql"));
            db.Use(Db.Commit).Run();
        }
        finally
        {
            db.RollbackIfOpen();
        }
    }

    private static int Read(Db db, out int oldestProgram)
    {
        oldestProgram = 0;
        using (var table = db.Use("select 1 from sqlite_schema where name = 'schema_version'"))
        {
            if (!table.Step())
                return 0;
        }

        using var row = db.Use("select version, oldest_program from schema_version");
        if (!row.Step())
            throw new InvalidOperationException("The data file has an empty schema_version table.");
        oldestProgram = row.Int(1);
        return row.Int(0);
    }
}
