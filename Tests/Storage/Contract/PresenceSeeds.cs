using System.Text;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>Twins as they were written before what they told was stored beside them.</summary>
internal static class PresenceSeeds
{
    public static byte[] Twin(string site, bool online)
    {
        var told = online ? ",\"told_online\":true" : "";
        return Encoding.UTF8.GetBytes($$"""{"format":1,"last_seen":{{StartUs}},"counters":[1,1,0,0],"told_site":"{{site}}"{{told}}}""");
    }

    /// <summary>What was told stands beside the twins, and is found.</summary>
    public static async Task CheckMigrated(IStorageUnderTest store, TestDevice told, TestDevice silent, TestDevice untold)
    {
        var expected = new DevicePresence(told.Id, told.ProjectId, "HALL", true, Start, 1);
        Assert.Equal(expected, (await store.Devices.Load(told.Id, None))!.Presence);
        Assert.Equal(expected, Assert.Single(await store.Devices.ReadOnline(LivenessShards.Of(told.Id), Guid.Empty, 10, None)));
        Assert.Equal(
            new DevicePresence(silent.Id, silent.ProjectId, "YARD", false, Start, 1),
            Assert.Single(await store.Devices.ReadSitePresence(silent.ProjectId, "YARD", Guid.Empty, 10, None)));
        Assert.Null((await store.Devices.Load(untold.Id, None))!.Presence);
    }
}
