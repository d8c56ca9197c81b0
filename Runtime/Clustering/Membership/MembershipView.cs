using System.Collections.Immutable;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// The members as of one version of the table. It never changes; a newer view is another object. Heartbeats in it are those of the moment
/// that it was read.
/// </summary>
public sealed class MembershipView
{
    /// <summary>Before anything was read.</summary>
    public static readonly MembershipView Empty = new(new MembershipSnapshot(0, []));

    private readonly Rendezvous _owners;

    /// <summary>Makes the view of a table.</summary>
    public MembershipView(MembershipSnapshot snapshot)
    {
        Version = snapshot.Version;
        Members = [.. snapshot.Members.OrderBy(member => member.Address)];

        // Of two at one endpoint the later start alone can be alive, as its process holds the port.
        Active =
        [
            .. Members.Where(member => member.Status == MemberStatus.Active)
                .GroupBy(member => member.Address.Endpoint)
                .Select(starts => starts.MaxBy(member => (member.StartedAt, member.Address.Generation))!.Address)
                .Order(),
        ];
        _owners = new Rendezvous(Active);
        Member[] live = [.. Members.Where(member => member.IsLive)];
        int highest = live.Length == 0 ? 0 : live.Min(member => member.Program.HighestFormat);
        CommonFormat = live.Length > 0 && live.All(member => member.Program.LowestFormat <= highest) ? highest : null;
    }

    /// <summary>The version of the table that this is; a view is newer than another if its version is higher.</summary>
    public long Version { get; }

    /// <summary>All members, dead ones too, ordered by address.</summary>
    public ImmutableArray<Member> Members { get; }

    /// <summary>The silos that own grains, ordered by address.</summary>
    public ImmutableArray<SiloAddress> Active { get; }

    /// <summary>The highest message format that all live members speak; null if there is none, or no live member.</summary>
    public int? CommonFormat { get; }

    /// <summary>The member of that address, or null.</summary>
    public Member? Find(SiloAddress address)
    {
        int low = 0, high = Members.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = Members[middle].Address.CompareTo(address);
            if (order == 0) return Members[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }

    /// <summary>
    /// The silo that a grain lives on; null while no silo is active. All that have a view of this version give the same answer. It
    /// allocates nothing and takes about a nanosecond a silo, beyond hashing the grain's id.
    /// </summary>
    public SiloAddress? OwnerOf(GrainId grain) => _owners.OwnerOf(grain.GetUniformHashCode());

    /// <summary>The version and each member's address and status.</summary>
    public override string ToString() =>
        $"{Version}: {string.Join(", ", Members.Where(m => m.IsLive).Select(member => $"{member.Address} {member.Status}"))}";
}
