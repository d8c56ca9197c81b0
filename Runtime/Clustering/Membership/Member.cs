namespace EsoCore.Runtime.Clustering;

/// <summary>The life of a member, in order; it never goes back. The numbers are stored.</summary>
public enum MemberStatus
{
    /// <summary>In the table, and not yet an owner of grains.</summary>
    Joining = 0,

    /// <summary>An owner of grains.</summary>
    Active = 1,

    /// <summary>Shutting down as planned: no longer an owner; it finishes what it has.</summary>
    Leaving = 2,

    /// <summary>Over: it has left, or was evicted.</summary>
    Dead = 3,
}

/// <summary>One start of a silo, as the table has it.</summary>
/// <param name="Address">Its identity.</param>
/// <param name="Status">Where in its life it stands.</param>
/// <param name="Heartbeat">A counter that only its own process raises; others judge by its progress and never by a clock.</param>
/// <param name="StartedAt">When its process started, by its own clock: for people to read.</param>
/// <param name="Program">What it runs.</param>
public sealed record Member(SiloAddress Address, MemberStatus Status, long Heartbeat, DateTimeOffset StartedAt, ProgramInfo Program)
{
    /// <summary>Whether it is not <see cref="MemberStatus.Dead"/>.</summary>
    public bool IsLive => Status != MemberStatus.Dead;
}

/// <summary>What a process runs, so that old and new ones can work side by side while a cluster is upgraded.</summary>
/// <param name="Version">The program's version, at most 64 characters: for people to read.</param>
/// <param name="LowestFormat">The lowest message format number that it still reads and writes.</param>
/// <param name="HighestFormat">The highest one.</param>
public sealed record ProgramInfo(string Version, int LowestFormat, int HighestFormat)
{
    /// <summary>The longest <see cref="Version"/>, in characters.</summary>
    public const int MaxVersionLength = 64;

    /// <summary>Whether there is a format that both speak.</summary>
    public bool Understands(ProgramInfo other) => LowestFormat <= other.HighestFormat && other.LowestFormat <= HighestFormat;
}
