using System.Net.Sockets;
using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>What an error of the server or of the connection to it means for the one who asked.</summary>
internal static class PgErrors
{
    /// <summary>Raised by our own <c>expect_rows</c>.</summary>
    public const string RowsGone = "ES001";

    private const string Serialization = "40001";
    private const string Deadlock = "40P01";

    /// <summary>Whether it is about the connection or the server, not about what was asked.</summary>
    public static bool IsAway(Exception e) => e switch
    {
        PostgresException p => EndsConnection(p) || !IsDataError(p),
        NpgsqlException or SocketException or IOException or TimeoutException or ObjectDisposedException => true,
        _ => false,
    };

    /// <summary>The server said no to the statement, and so nothing of it was written: it is not about the connection's end.</summary>
    public static bool IsRolledBack(Exception e) => e is PostgresException p && !EndsConnection(p);

    /// <summary>The data of one write, or a mistake in our statement: another write may well succeed.</summary>
    public static bool IsDataError(Exception e) =>
        e is PostgresException { SqlState: var state } && state[..2] is "21" or "22" or "23" or "42" or "44" or "54" or "P0" or "ES";

    /// <summary>Nothing is wrong with it but the moment.</summary>
    public static bool IsWorthRepeating(Exception e) => e is PostgresException { SqlState: Serialization or Deadlock };

    /// <summary>A row has no partition to go to.</summary>
    public static bool IsMissingPartition(Exception e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: null or "" };

    /// <summary>Wraps for a caller whose write did not happen, or whose read failed.</summary>
    public static StorageUnavailableException Unavailable(Exception e) => new($"PostgreSQL does not serve: {e.Message}", e);

    /// <summary>After FATAL and PANIC the server closes the connection; whether it had committed before is not said.</summary>
    private static bool EndsConnection(PostgresException e) => e.InvariantSeverity is "FATAL" or "PANIC";
}
