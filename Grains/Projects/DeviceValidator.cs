using EsoCore.Devices;
using EsoCore.Grains.Config;
using EsoCore.Projects;

namespace EsoCore.Grains.Projects;

/// <summary>Checks what people say of a device. Every fault is named, not just the first.</summary>
internal static class DeviceValidator
{
    /// <summary>The firmware channels there are.</summary>
    public static ImmutableArray<string> Channels { get; } = ["stable", "beta"];

    /// <summary>The faults of a device to register; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(NewDevice device)
    {
        var errors = new List<FieldError>();
        TextRules.Required(errors, "serial", device.Serial);
        TextRules.Id(errors, "model", device.Model); // A config profile goes by this name.
        if (!string.IsNullOrEmpty(device.SiteId))
            TextRules.Id(errors, "site_id", device.SiteId);
        TextRules.Tags(errors, "tags", device.Tags, DeviceRegistration.MaxTags);
        Status(errors, device.Status);
        return [.. errors];
    }

    /// <summary>The faults of a change; empty when it is good. Fields that are null are not looked at.</summary>
    public static ImmutableArray<FieldError> Validate(RegistrationChange change)
    {
        var errors = new List<FieldError>();
        if (change.Serial is not null)
            TextRules.Required(errors, "serial", change.Serial);
        if (change.Model is not null)
            TextRules.Id(errors, "model", change.Model);
        if (!string.IsNullOrEmpty(change.SiteId))
            TextRules.Id(errors, "site_id", change.SiteId);
        TextRules.Tags(errors, "tags", change.Tags, DeviceRegistration.MaxTags);
        if (change.Status is { } status)
            Status(errors, status);
        if (change.Channel is not null && !Channels.Contains(change.Channel))
            errors.Add(new FieldError("channel", $"must be one of: {string.Join(", ", Channels)}"));
        if (change.Overrides is not null)
            ConfigValidator.Check(errors, change.Overrides, "overrides.", ConfigLimits.MaxOverridesBytes);
        return [.. errors];
    }

    private static void Status(List<FieldError> errors, DeviceStatus status)
    {
        if (!Enum.IsDefined(status))
            errors.Add(new FieldError("status", "must be one of: unclaimed, active, maintenance, disabled"));
    }
}
