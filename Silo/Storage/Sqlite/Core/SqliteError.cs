using SQLitePCL;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>SQLite refused a call. <see cref="IsDataError"/> tells whose fault it is.</summary>
internal sealed class SqliteError(int code, int extendedCode, string message)
    : Exception($"SQLite error {extendedCode}: {message}")
{
    /// <summary>The primary result code.</summary>
    public int Code { get; } = code;

    /// <summary>The extended result code.</summary>
    public int ExtendedCode { get; } = extendedCode;

    /// <summary>Whether the data of this one write is at fault; anything else is the storage's and concerns everyone.</summary>
    public bool IsDataError => Code is raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG or raw.SQLITE_RANGE;

    /// <summary>Throws unless the code means success.</summary>
    public static void Check(int code, sqlite3? db)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_DONE or raw.SQLITE_ROW))
            throw Of(code, db);
    }

    /// <summary>The error that a connection reports.</summary>
    public static SqliteError Of(int code, sqlite3? db) =>
        db is null
            ? new(code & 0xFF, code, raw.sqlite3_errstr(code).utf8_to_string())
            : new(code & 0xFF, raw.sqlite3_extended_errcode(db), raw.sqlite3_errmsg(db).utf8_to_string());
}
