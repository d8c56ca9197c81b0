using System.Text.Json;
using EsoCore.Config;
using EsoCore.Devices;

namespace EsoCore.Grains.Devices;

/// <summary>Applies changes of a registration. Pure.</summary>
internal static class RegistrationChanges
{
    internal static DeviceRegistration Apply(DeviceRegistration current, RegistrationChange change) => current with
    {
        Serial = change.Serial ?? current.Serial,
        Model = change.Model ?? current.Model,
        SiteId = change.SiteId is null ? current.SiteId : change.SiteId.Length == 0 ? null : change.SiteId,
        Tags = change.Tags ?? current.Tags,
        Status = change.Status ?? current.Status,
        Channel = change.Channel ?? current.Channel,
        SignatureRequired = change.SignatureRequired ?? current.SignatureRequired,
        Overrides = change.Overrides ?? current.Overrides,
    };

    /// <summary>Whether two say the same; records compare their collections by reference, so their texts are compared.</summary>
    internal static bool Same<T>(T a, T b) => JsonSerializer.Serialize(a) == JsonSerializer.Serialize(b);
}
