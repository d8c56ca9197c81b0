using EsoCore.Grains.Storage;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Finds out why commits did not win.</summary>
internal static class CommitLosers
{
    /// <summary>The outcome of each, by device number.</summary>
    public static Dictionary<long, CommitResult> Explain(NpgsqlConnection db, List<CommitWork> lost, DateTimeOffset now)
    {
        using var command = new NpgsqlCommand(CommitStatement.Sql["why"], db);
        new Args(command.Parameters)
            .Add(lost.Select(w => w.Commit.DeviceNo).ToList()).Add(lost.Select(w => w.Commit.DeviceId).ToList())
            .Add(lost.Select(w => w.Commit.Batch?.BatchId).ToList()).Add(lost.Select(w => w.Commit.Registration?.Registration.Serial).ToList())
            .Add(now - RetentionRules.KeptAge);
        var results = new Dictionary<long, CommitResult>(lost.Count);
        using var row = command.ExecuteReader();
        while (row.Read())
            results.Add(row.Long(0), Read(row));
        return results;
    }

    /// <summary>Whether the index on serials refused the write: another device got it at the same moment.</summary>
    public static bool IsSerialTaken(Exception e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "device_serial" };

    private static CommitResult Read(NpgsqlDataReader row)
    {
        if (row.GuidOrNull(1) is not { } batchId)
            return new(row.GetBoolean(8) ? CommitOutcome.SerialTaken : CommitOutcome.Stale);
        var known = new LedgerEntry(
            batchId, Convert.ToHexStringLower(row.Bytes(2)), row.Int(3), row.Int(4), row.Int(5), row.Bytes(6), row.Time(7));
        return new(CommitOutcome.Replay, known);
    }
}
