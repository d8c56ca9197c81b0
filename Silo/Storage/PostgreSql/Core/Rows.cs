using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Reads columns of the row at hand.</summary>
internal static class Rows
{
    public static long Long(this NpgsqlDataReader row, int i) => row.GetInt64(i);

    public static int Int(this NpgsqlDataReader row, int i) => row.GetInt32(i);

    public static double Double(this NpgsqlDataReader row, int i) => row.GetDouble(i);

    public static string Text(this NpgsqlDataReader row, int i) => row.GetString(i);

    public static Guid Guid(this NpgsqlDataReader row, int i) => row.GetGuid(i);

    public static byte[] Bytes(this NpgsqlDataReader row, int i) => row.GetFieldValue<byte[]>(i);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int i) => Micros.ToTime(row.GetInt64(i));

    public static UInt128 Hash(this NpgsqlDataReader row, int i) => BodyHashes.FromUuid(row.GetGuid(i));

    public static long? LongOrNull(this NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.GetInt64(i);

    public static int? IntOrNull(this NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.GetInt32(i);

    public static double? DoubleOrNull(this NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.GetDouble(i);

    public static string? TextOrNull(this NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.GetString(i);

    public static Guid? GuidOrNull(this NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.GetGuid(i);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int i) => row.IsDBNull(i) ? null : row.Time(i);
}
