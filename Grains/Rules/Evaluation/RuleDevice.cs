using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Grains.Devices;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>The device whose rules are evaluated, as far as episodes tell of it.</summary>
internal sealed record RuleDevice(Guid ProjectId, Guid DeviceId, string Serial, string Model, string? Firmware, string? SiteId)
{
    internal static RuleDevice Of(Guid deviceId, DeviceState state, string? firmware) => new(
        state.Traits.ProjectId, deviceId, state.Serial, state.Traits.Model, firmware, state.Traits.SiteId);

    /// <summary>What an episode's incident is about. Where there is no asset, the device itself; a rule about sites needs one.</summary>
    internal SubjectKey SubjectOf(SubjectKind kind, string? asset) => kind switch
    {
        SubjectKind.Asset when !string.IsNullOrEmpty(asset) => new SubjectKey(SubjectKind.Asset, asset),
        SubjectKind.Site when SiteId is not null => new SubjectKey(SubjectKind.Site, SiteId),
        SubjectKind.Project => SubjectKey.Project,
        _ => SubjectKey.Device(DeviceId),
    };

    internal EpisodeSource Source(string? asset) =>
        new(DeviceId, Serial, Model, Firmware, SiteId, string.IsNullOrEmpty(asset) ? null : asset);

    /// <summary>An episode's id follows from device, rule and what began it.</summary>
    internal Guid EpisodeId(string rule, string key, long startUs)
    {
        var text = Encoding.UTF8.GetBytes($"{rule}\n{key}");
        Span<byte> identity = stackalloc byte[24];
        DeviceId.TryWriteBytes(identity);
        BinaryPrimitives.WriteInt64BigEndian(identity[16..], startUs);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(identity);
        hash.AppendData(text);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        // RFC 9562, version 8: a UUID of our own making.
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}

/// <summary>An episode and the incident that hears of it.</summary>
/// <param name="IsOwed">Whether an incident would wait for it for ever: what is open, and the end of what was told before.</param>
internal sealed record ToldEpisode(string RuleId, SubjectKey Subject, RuleEpisode Episode, bool IsOwed);
