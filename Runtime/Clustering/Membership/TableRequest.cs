namespace EsoCore.Runtime.Clustering;

/// <summary>The two lines of work of a member. Each has one statement under way at most; heartbeats never wait for the other.</summary>
internal enum Lane
{
    /// <summary>Heartbeats.</summary>
    Beat,

    /// <summary>Reading the table, and changing it after what was read.</summary>
    Watch,
}

/// <summary>A statement that the logic wants made.</summary>
/// <param name="IssuedAt">When it was asked for, on the member's own clock.</param>
internal abstract record TableRequest(TimeSpan IssuedAt)
{
    /// <summary>Makes the statement.</summary>
    public abstract Task<TableReply> Execute(IMembershipTable table, CancellationToken cancel);
}

internal sealed record ReadRequest(TimeSpan IssuedAt) : TableRequest(IssuedAt)
{
    public override async Task<TableReply> Execute(IMembershipTable table, CancellationToken cancel) =>
        new ReadReply(await table.Read(cancel));
}

internal sealed record BeatRequest(TimeSpan IssuedAt, SiloAddress Self) : TableRequest(IssuedAt)
{
    public override async Task<TableReply> Execute(IMembershipTable table, CancellationToken cancel) =>
        new BeatReply(await table.Beat(Self, cancel));
}

internal sealed record InsertRequest(TimeSpan IssuedAt, Member Self) : TableRequest(IssuedAt)
{
    public override async Task<TableReply> Execute(IMembershipTable table, CancellationToken cancel) =>
        new InsertReply(await table.Insert(Self, cancel));
}

internal sealed record ChangeRequest(TimeSpan IssuedAt, StatusChange Change) : TableRequest(IssuedAt)
{
    public override async Task<TableReply> Execute(IMembershipTable table, CancellationToken cancel) =>
        new ChangeReply(await table.Change(Change, cancel));
}

internal sealed record DeleteDeadRequest(TimeSpan IssuedAt, TimeSpan DeadFor, int Limit) : TableRequest(IssuedAt)
{
    public override async Task<TableReply> Execute(IMembershipTable table, CancellationToken cancel) =>
        new DeleteDeadReply(await table.DeleteDead(DeadFor, Limit, cancel));
}

/// <summary>What the table answered.</summary>
internal abstract record TableReply;

internal sealed record ReadReply(MembershipSnapshot Snapshot) : TableReply;

/// <param name="Status">Null when the row is not there.</param>
internal sealed record BeatReply(MemberStatus? Status) : TableReply;

internal sealed record InsertReply(InsertOutcome Outcome) : TableReply;

internal sealed record ChangeReply(bool Changed) : TableReply;

internal sealed record DeleteDeadReply(int Deleted) : TableReply;

/// <summary>It failed, or did not come in time. What was asked for may have happened or happen yet.</summary>
internal sealed record NoReply : TableReply
{
    public static readonly NoReply Instance = new();
}
