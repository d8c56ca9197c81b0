using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>Members, views and states as the tests need them.</summary>
internal static class Members
{
    public static readonly ProgramInfo Program = new("1.0", 1, 1);

    public static readonly IReadOnlyList<GrainId> SomeGrains =
        [.. Enumerable.Range(0, 10_000).Select(i => GrainId.Create("device", $"{i:x32}"))];

    public static SiloAddress Address(int n, long generation = 1) => new($"10.0.0.{n}", 11_111, generation);

    public static Member Member(int n, MemberStatus status = MemberStatus.Active, long generation = 1, ProgramInfo? program = null) =>
        new(Address(n, generation), status, 0, DateTimeOffset.UnixEpoch.AddSeconds(generation % 1_000), program ?? Program);

    public static MembershipView View(params Member[] members) => new(new MembershipSnapshot(1, members));

    public static MembershipView ViewOf(int silos) => View([.. Enumerable.Range(1, silos).Select(n => Member(n))]);

    public static GrainId GrainOf(MembershipView view, SiloAddress owner) => SomeGrains.First(grain => view.OwnerOf(grain) == owner);
}
