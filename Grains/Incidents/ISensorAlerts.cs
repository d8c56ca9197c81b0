namespace EsoCore.Grains.Incidents;

/// <summary>The way back to a device whose rules pass over what a faulty sensor measures.</summary>
internal interface ISensorAlerts
{
    /// <summary>
    /// Has the device's metric rules look at the sensor again; a second call changes nothing. Durable when the task ends.
    /// </summary>
    /// <param name="projectId">The device's project.</param>
    /// <param name="deviceId">The device.</param>
    /// <param name="sensorId">The sensor as its event named it; null means all that the rule disabled.</param>
    Task Enable(Guid projectId, Guid deviceId, string? sensorId);
}

/// <summary>Does nothing, where no rules are evaluated.</summary>
internal sealed class NoSensorAlerts : ISensorAlerts
{
    /// <inheritdoc/>
    public Task Enable(Guid projectId, Guid deviceId, string? sensorId) => Task.CompletedTask;
}
