namespace EsoCore.Grains.Incidents;

/// <summary>The way back to a device whose rules pass over what a faulty sensor measures.</summary>
internal interface ISensorAlerts
{
    /// <summary>Has the device's metric rules look at the sensor again; a second call changes nothing. Durable when the task ends.</summary>
    /// <param name="deviceId">The device.</param>
    /// <param name="sensorId">The sensor as its event named it; null means all that the rule disabled.</param>
    /// <param name="ruleId">The rule that disabled it.</param>
    Task Enable(Guid deviceId, string? sensorId, string ruleId);
}

/// <summary>Does nothing, where no rules are evaluated.</summary>
internal sealed class NoSensorAlerts : ISensorAlerts
{
    /// <inheritdoc/>
    public Task Enable(Guid deviceId, string? sensorId, string ruleId) => Task.CompletedTask;
}
