using System.Text.Json.Serialization;
using EsoCore.Devices;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>A device as people manage it. <paramref name="Config"/> holds the settings of its own, over its model's profile.</summary>
internal record DeviceBody(
    Guid DeviceId,
    Guid ProjectId,
    string Serial,
    string Model,
    string? SiteId,
    ImmutableSortedDictionary<string, string> Tags,
    DeviceStatus Status,
    string Channel,
    bool SignatureRequired,
    JsonText Config,
    DateTimeOffset CreatedAt)
{
    public DeviceBody(DeviceRegistration device)
        : this(
            device.DeviceId, device.ProjectId, device.Serial, device.Model, device.SiteId, device.Tags, device.Status, device.Channel,
            device.SignatureRequired, ConfigJson.ToText(device.Overrides), device.CreatedAt)
    {
    }
}

/// <summary>A new device with its key, whose secret is shown this once.</summary>
internal sealed record DeviceCreatedBody : DeviceBody
{
    public DeviceCreatedBody(DeviceCreated created) : base(created.Device) => DeviceKey = created.Key;

    [JsonPropertyOrder(1)]
    public IssuedKey DeviceKey { get; }
}

/// <summary>A page of devices.</summary>
internal sealed record DeviceList(IEnumerable<DeviceBody> Devices);

/// <summary>What a new device is made of.</summary>
internal sealed record NewDeviceBody(
    string Serial, string Model, string? SiteId, ImmutableSortedDictionary<string, string>? Tags, DeviceStatus? Status, bool? SignatureRequired);

/// <summary>A change of a device: what is absent stays; a null <c>site_id</c> takes it from its site, a null <c>config</c> clears its own settings.</summary>
internal sealed record DeviceChangeBody(
    string? Serial,
    string? Model,
    string? SiteId,
    ImmutableSortedDictionary<string, string>? Tags,
    DeviceStatus? Status,
    string? Channel,
    bool? SignatureRequired,
    JsonText? Config);

/// <summary>Reads the bodies above out of forms.</summary>
internal static class DeviceForms
{
    private const int MaxText = 128;
    private const string Statuses = "must be unclaimed, active, maintenance or disabled";

    public static NewDevice ReadNew(JsonForm form) => new(
        form.Text("serial", MaxText, required: true) ?? "",
        form.Text("model", MaxText, required: true) ?? "",
        form.Text("site_id", MaxText) is { Length: > 0 } site ? site : null,
        form.TextMap("tags", MaxText) ?? ImmutableSortedDictionary<string, string>.Empty,
        ReadStatus(form) ?? DeviceStatus.Active,
        form.Flag("signature_required") ?? false);

    public static RegistrationChange ReadChange(JsonForm form) => new(
        form.Text("serial", MaxText),
        form.Text("model", MaxText),
        form.IsNull("site_id") ? "" : form.Text("site_id", MaxText),
        form.IsNull("tags") ? ImmutableSortedDictionary<string, string>.Empty : form.TextMap("tags", MaxText),
        ReadStatus(form),
        form.Text("channel", MaxText),
        form.Flag("signature_required"),
        form.IsNull("config") ? Config.ConfigSettings.Empty : form.Child("config") is { } config ? ConfigJson.Read(config) : null);

    public static DeviceStatus? ParseStatus(string word) => word switch
    {
        "unclaimed" => DeviceStatus.Unclaimed,
        "active" => DeviceStatus.Active,
        "maintenance" => DeviceStatus.Maintenance,
        "disabled" => DeviceStatus.Disabled,
        _ => null,
    };

    public static DeviceStatus? ReadStatus(QueryReader query)
    {
        if (query.Text("status", 16) is not { } word)
            return null;
        var status = ParseStatus(word);
        if (status is null)
            query.Fault("status", Statuses);
        return status;
    }

    private static DeviceStatus? ReadStatus(JsonForm form)
    {
        if (!form.Has("status"))
            return null;
        var status = JsonForm.ReadText(form.Raw("status")!.Value, 16) is { } word ? ParseStatus(word) : null;
        if (status is null)
            form.Fault("status", Statuses);
        return status;
    }
}
