using System.Security.Cryptography;
using System.Text.Json;

namespace EsoCore.Device;

/// <summary>One of a device's two places for firmware.</summary>
public enum OtaSlot
{
    /// <summary>The slot a device leaves the factory with.</summary>
    A,

    /// <summary>The other one.</summary>
    B,
}

/// <summary>What the slot that does not run is good for.</summary>
public enum SpareState
{
    /// <summary>Nothing; or what is there must not be started.</summary>
    Empty,

    /// <summary>An image is being written.</summary>
    Receiving,

    /// <summary>The image is whole: size and hash are right.</summary>
    Verified,

    /// <summary>The next boots try it.</summary>
    OnTrial,

    /// <summary>It holds the firmware that ran before, which is good.</summary>
    Previous,
}

/// <summary>What the last step of an update means for <c>ota/report</c>.</summary>
/// <param name="Next">The state to store before anything else happens.</param>
/// <param name="Report">What to tell the server; null when there is nothing to tell.</param>
public readonly record struct OtaTransition(OtaSlots Next, FirmwareReport? Report);

/// <summary>
/// Which firmware slot runs, which is on trial, and when to fall back. The running slot is never written: a new image goes to the spare one, is verified there,
/// and is booted on trial. Only when the new firmware confirms itself (it reached the server, say) does it become the running one; a trial that did not confirm within
/// <see cref="MaxBootAttempts"/> boots is over, and the old firmware runs again. A value: each step returns the next state, which the device stores.
/// </summary>
public sealed record OtaSlots
{
    /// <summary>Boots a trial gets to confirm itself.</summary>
    public const int MaxBootAttempts = 3;

    /// <summary>The slot whose firmware is known to be good.</summary>
    public OtaSlot Active { get; init; }

    /// <summary>The version in <see cref="Active"/>.</summary>
    public required string ActiveVersion { get; init; }

    /// <summary>What the other slot is good for.</summary>
    public SpareState Spare { get; init; }

    /// <summary>The version in the other slot, or being written to it.</summary>
    public string? SpareVersion { get; init; }

    /// <summary>The expected hex SHA-256 of the image being written.</summary>
    public string? SpareHash { get; init; }

    /// <summary>The expected bytes of the image being written.</summary>
    public long SpareBytes { get; init; }

    /// <summary>Boots left for the trial.</summary>
    public int BootAttemptsLeft { get; init; }

    /// <summary>The slot to write to.</summary>
    public OtaSlot SpareSlot => Active == OtaSlot.A ? OtaSlot.B : OtaSlot.A;

    /// <summary>Begins an update. The spare slot may be written when the returned state is stored.</summary>
    /// <exception cref="InvalidOperationException">A trial is under way: the spare slot is running or about to.</exception>
    public OtaTransition Begin(FirmwareOffer offer)
    {
        if (Spare == SpareState.OnTrial)
            throw new InvalidOperationException($"Version {SpareVersion} is on trial; an update cannot begin.");
        var next = this with { Spare = SpareState.Receiving, SpareVersion = offer.Version, SpareHash = offer.Hash, SpareBytes = offer.Size, BootAttemptsLeft = 0 };
        return new OtaTransition(next, next.Report("downloading", SpareSlot, offer.Version));
    }

    /// <summary>Verifies the image as read back from the spare slot.</summary>
    /// <param name="image">The slot's content from its start; read up to the expected size and one byte more.</param>
    /// <exception cref="InvalidOperationException">No image is being received.</exception>
    public OtaTransition Verify(Stream image)
    {
        Require(SpareState.Receiving);
        var (bytes, hash) = HashOf(image, SpareBytes + 1);
        if (bytes == SpareBytes && string.Equals(hash, SpareHash, StringComparison.OrdinalIgnoreCase))
        {
            var verified = this with { Spare = SpareState.Verified };
            return new OtaTransition(verified, verified.Report("downloaded", SpareSlot, SpareVersion));
        }

        var error = bytes == SpareBytes ? "hash mismatch" : $"size mismatch: {(bytes > SpareBytes ? "more than " : "")}{Math.Min(bytes, SpareBytes)} of {SpareBytes} bytes";
        return new OtaTransition(Emptied(), Report("failed", SpareSlot, SpareVersion, error));
    }

    /// <summary>Puts the verified image on trial; the device then reboots.</summary>
    /// <exception cref="InvalidOperationException">There is no verified image.</exception>
    public OtaTransition Install()
    {
        Require(SpareState.Verified);
        var next = this with { Spare = SpareState.OnTrial, BootAttemptsLeft = MaxBootAttempts };
        return new OtaTransition(next, next.Report("rebooting", SpareSlot, SpareVersion));
    }

    /// <summary>What the boot loader does: which slot to start, and the state to store before starting it. A trial without boots left ends here.</summary>
    public (OtaSlot Slot, OtaTransition Transition) Boot()
    {
        if (Spare != SpareState.OnTrial)
            return (Active, new OtaTransition(this, null));
        if (BootAttemptsLeft > 0)
            return (SpareSlot, new OtaTransition(this with { BootAttemptsLeft = BootAttemptsLeft - 1 }, null));
        var report = Report("rollback", Active, SpareVersion, $"not confirmed within {MaxBootAttempts} boots");
        return (Active, new OtaTransition(Emptied(), report));
    }

    /// <summary>The firmware on trial found itself well: it becomes the running one, the old one stays as the previous. Nothing happens without a trial.</summary>
    public OtaTransition Confirm()
    {
        if (Spare != SpareState.OnTrial)
            return new OtaTransition(this, null);
        var next = new OtaSlots { Active = SpareSlot, ActiveVersion = SpareVersion!, Spare = SpareState.Previous, SpareVersion = ActiveVersion };
        return new OtaTransition(next, next.Report("completed", next.Active, next.ActiveVersion));
    }

    /// <summary>The firmware on trial found itself unwell: the next boot is the old one's. Nothing happens without a trial.</summary>
    public OtaTransition Reject(string reason) =>
        Spare == SpareState.OnTrial ? new OtaTransition(Emptied(), Report("rollback", Active, SpareVersion, reason)) : new OtaTransition(this, null);

    /// <summary>The state as it is kept on the device.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, DeviceJson.Default.OtaSlots);

    /// <summary>Reads a kept state.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static OtaSlots FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, DeviceJson.Default.OtaSlots) ?? throw new JsonException("The slots' state is null.");

    private OtaSlots Emptied() => new() { Active = Active, ActiveVersion = ActiveVersion };

    private FirmwareReport Report(string status, OtaSlot slot, string? version, string? error = null) => new(status, version, error, slot.ToString());

    private void Require(SpareState state)
    {
        if (Spare != state)
            throw new InvalidOperationException($"The spare slot is {Spare}, not {state}.");
    }

    private static (long Bytes, string Hash) HashOf(Stream image, long limit)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var window = new byte[64 * 1024];
        long total = 0;
        while (total < limit && image.Read(window, 0, (int)Math.Min(window.Length, limit - total)) is > 0 and var read)
        {
            hash.AppendData(window, 0, read);
            total += read;
        }

        return (total, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
