using System.Security.Cryptography;
using EsoCore.Device;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class OtaSlotsTests
{
    private static readonly byte[] Image = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];
    private static readonly FirmwareOffer Offer = new("2.0", Convert.ToHexString(SHA256.HashData(Image)), Image.Length, null, new Uri("http://server.test/f"), null, false);
    private static readonly OtaSlots Factory = new() { ActiveVersion = "1.0" };

    [Fact]
    public void Update_ThatConfirms_SwapsTheSlots()
    {
        var begun = Factory.Begin(Offer);
        Assert.Equal(("downloading", "2.0", "B"), (begun.Report!.Status, begun.Report.Version, begun.Report.Slot));
        var verified = begun.Next.Verify(new MemoryStream(Image));
        Assert.Equal("downloaded", verified.Report!.Status);
        var installed = verified.Next.Install();
        Assert.Equal("rebooting", installed.Report!.Status);
        var (slot, booted) = installed.Next.Boot();
        Assert.Equal(OtaSlot.B, slot);
        var confirmed = booted.Next.Confirm();
        Assert.Equal(("completed", "2.0", "B"), (confirmed.Report!.Status, confirmed.Report.Version, confirmed.Report.Slot));
        Assert.Equal((OtaSlot.B, "2.0", SpareState.Previous, "1.0"), (confirmed.Next.Active, confirmed.Next.ActiveVersion, confirmed.Next.Spare, confirmed.Next.SpareVersion));
        Assert.Equal(OtaSlot.B, confirmed.Next.Boot().Slot);
        Assert.Equal(OtaSlot.A, confirmed.Next.Begin(Offer with { Version = "3.0" }).Next.SpareSlot);
    }

    [Fact]
    public void Verify_WrongImage_FailsAndEmptiesTheSpare()
    {
        var receiving = Factory.Begin(Offer).Next;
        var damaged = Image.ToArray();
        damaged[^1] ^= 1;
        foreach (var (image, word) in new[] { (damaged, "hash"), (Image[..^1], "size"), ([.. Image, 0], "size") })
        {
            var failed = receiving.Verify(new MemoryStream(image));
            Assert.Equal("failed", failed.Report!.Status);
            Assert.Contains(word, failed.Report.Error, StringComparison.Ordinal);
            Assert.Equal(SpareState.Empty, failed.Next.Spare);
            Assert.Equal(OtaSlot.A, failed.Next.Boot().Slot);
        }
    }

    [Fact]
    public void Boot_TrialThatNeverConfirms_RollsBackAfterItsAttempts()
    {
        var state = Trial();
        for (var i = 0; i < OtaSlots.MaxBootAttempts; i++)
        {
            var (slot, transition) = state.Boot();
            Assert.Equal(OtaSlot.B, slot);
            Assert.Null(transition.Report);
            state = OtaSlots.FromJson(transition.Next.ToJson()); // Each boot is a new process.
        }

        var (back, rolledBack) = state.Boot();
        Assert.Equal(OtaSlot.A, back);
        Assert.Equal(("rollback", "2.0"), (rolledBack.Report!.Status, rolledBack.Report.Version));
        Assert.Equal(("1.0", SpareState.Empty), (rolledBack.Next.ActiveVersion, rolledBack.Next.Spare));
        Assert.Null(rolledBack.Next.Boot().Transition.Report);
    }

    [Fact]
    public void Reject_DuringTheTrial_RollsBackAtOnce()
    {
        var rejected = Trial().Boot().Transition.Next.Reject("no sensor answers");
        Assert.Equal(("rollback", "no sensor answers"), (rejected.Report!.Status, rejected.Report.Error));
        Assert.Equal(OtaSlot.A, rejected.Next.Boot().Slot);
    }

    [Fact]
    public void Steps_OutOfOrder_AreRefusedOrDoNothing()
    {
        Assert.Throws<InvalidOperationException>(() => Factory.Verify(new MemoryStream(Image)));
        Assert.Throws<InvalidOperationException>(() => Factory.Install());
        Assert.Throws<InvalidOperationException>(() => Factory.Begin(Offer).Next.Install());
        Assert.Throws<InvalidOperationException>(() => Trial().Begin(Offer));
        Assert.Null(Factory.Confirm().Report);
        Assert.Null(Factory.Reject("x").Report);
    }

    [Fact]
    public void Begin_AfterACutDownload_StartsOver()
    {
        var again = Factory.Begin(Offer).Next.Begin(Offer with { Version = "2.1" });
        Assert.Equal((SpareState.Receiving, "2.1"), (again.Next.Spare, again.Next.SpareVersion));
        Assert.Equal(OtaSlot.A, again.Next.Boot().Slot);
    }

    private static OtaSlots Trial() => Factory.Begin(Offer).Next.Verify(new MemoryStream(Image)).Next.Install().Next;
}
