using System.Buffers.Binary;
using System.Text;
using SQLitePCL;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// A prepared statement: parameters are added in order, rows are stepped through, columns read by number. Blobs read are views of SQLite's
/// own memory, valid until the next step.
/// </summary>
internal sealed class Statement(sqlite3 db, sqlite3_stmt statement) : IDisposable
{
    private int _parameter;
    private bool _inUse;

    /// <summary>Whether it was taken into use and not yet handed back.</summary>
    public bool InUse => _inUse;

    /// <summary>Takes the statement into use; using it twice at once is a bug.</summary>
    public void Begin()
    {
        if (_inUse)
            throw new InvalidOperationException($"Nested use of the statement: {raw.sqlite3_sql(statement).utf8_to_string()}");
        _inUse = true;
        _parameter = 0;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(long value)
    {
        SqliteError.Check(raw.sqlite3_bind_int64(statement, ++_parameter, value), db);
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(long? value) => value is { } v ? Add(v) : AddNull();

    /// <summary>Binds the next parameter. NaN becomes NULL.</summary>
    public Statement Add(double value)
    {
        SqliteError.Check(raw.sqlite3_bind_double(statement, ++_parameter, value), db);
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(double? value) => value is { } v ? Add(v) : AddNull();

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(bool value) => Add(value ? 1L : 0L);

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(string? value)
    {
        if (value is null)
            return AddNull();
        int max = Encoding.UTF8.GetMaxByteCount(value.Length);
        Span<byte> utf8 = max <= 1_024 ? stackalloc byte[1_024] : new byte[max];
        int length = Encoding.UTF8.GetBytes(value, utf8);
        int code = length == 0
            ? raw.sqlite3_bind_text(statement, ++_parameter, string.Empty)
            : raw.sqlite3_bind_text(statement, ++_parameter, utf8[..length]);
        SqliteError.Check(code, db);
        return this;
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(ReadOnlySpan<byte> value)
    {
        int code = value.IsEmpty
            ? raw.sqlite3_bind_zeroblob(statement, ++_parameter, 0)
            : raw.sqlite3_bind_blob(statement, ++_parameter, value);
        SqliteError.Check(code, db);
        return this;
    }

    /// <summary>Binds the next parameter: 16 bytes, big-endian.</summary>
    public Statement Add(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Add((ReadOnlySpan<byte>)bytes);
    }

    /// <summary>Binds the next parameter.</summary>
    public Statement Add(Guid? value) => value is { } v ? Add(v) : AddNull();

    /// <summary>Binds the next parameter: 16 bytes, big-endian.</summary>
    public Statement AddHash(UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return Add((ReadOnlySpan<byte>)bytes);
    }

    /// <summary>Binds the next parameter: microseconds since the Unix epoch.</summary>
    public Statement Add(DateTimeOffset value) => Add(Micros.From(value));

    /// <summary>Binds the next parameter: microseconds since the Unix epoch.</summary>
    public Statement Add(DateTimeOffset? value) => value is { } v ? Add(v) : AddNull();

    /// <summary>Binds the next parameter to NULL.</summary>
    public Statement AddNull()
    {
        SqliteError.Check(raw.sqlite3_bind_null(statement, ++_parameter), db);
        return this;
    }

    /// <summary>Goes to the next row; false after the last.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW)
            return true;
        return code == raw.SQLITE_DONE ? false : throw SqliteError.Of(code, db);
    }

    /// <summary>Runs the statement to its end and hands it back.</summary>
    public void Run()
    {
        try
        {
            while (Step())
            {
                // Rows of a statement that is run for its effect are of no interest.
            }
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Whether the column is NULL.</summary>
    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    /// <summary>A column.</summary>
    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    /// <summary>A column.</summary>
    public int Int(int column) => raw.sqlite3_column_int(statement, column);

    /// <summary>A column.</summary>
    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    /// <summary>A column; NULL, which is how SQLite keeps NaN, comes back as NaN.</summary>
    public double Double(int column) => IsNull(column) ? double.NaN : raw.sqlite3_column_double(statement, column);

    /// <summary>A column.</summary>
    public double? DoubleOrNull(int column) => IsNull(column) ? null : raw.sqlite3_column_double(statement, column);

    /// <summary>A column.</summary>
    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string() ?? string.Empty;

    /// <summary>A column.</summary>
    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A column, as a view valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(statement, column);

    /// <summary>A column, copied.</summary>
    public byte[] Bytes(int column) => Blob(column).ToArray();

    /// <summary>A column.</summary>
    public Guid Guid(int column) => new(Blob(column), bigEndian: true);

    /// <summary>A column.</summary>
    public Guid? GuidOrNull(int column) => IsNull(column) ? null : Guid(column);

    /// <summary>A column.</summary>
    public UInt128 UInt128(int column) => BinaryPrimitives.ReadUInt128BigEndian(Blob(column));

    /// <summary>A column.</summary>
    public DateTimeOffset Time(int column) => Micros.ToTime(Long(column));

    /// <summary>A column.</summary>
    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    /// <summary>Hands the statement back for its next use.</summary>
    public void Dispose()
    {
        // The code repeats the failure of the last step, which has been thrown already.
        raw.sqlite3_reset(statement);
        raw.sqlite3_clear_bindings(statement);
        _inUse = false;
    }

    /// <summary>Finalises the statement, when its connection closes.</summary>
    public void Close() => statement.Dispose();
}
