namespace EsoCore.Projects;

/// <summary>What the operator sets for the whole installation, every project in it.</summary>
/// <param name="Maintenance">
/// Device calls (all but the handshake, which asks no part of the server) are answered with 503 and <c>Retry-After</c>; devices keep
/// buffering.
/// </param>
/// <param name="SamplingScale">
/// How much of their sampling devices keep, <see cref="MinSamplingScale"/> to 1 (all of it): what the operator turns down when the
/// installation is short of room. A model and a device may be turned down further by their own settings; the lowest counts.
/// </param>
[GenerateSerializer, Immutable, Alias("installation-settings")]
public sealed record InstallationSettings(bool Maintenance = false, double SamplingScale = 1)
{
    /// <summary>The lowest scale: below it a device had better be told to stop a metric (a rate of 0).</summary>
    public const double MinSamplingScale = 0.01;
}

/// <summary>
/// The settings of the installation as every process uses them: held in memory and asked for again at most every 5 seconds, so what was
/// set is in force everywhere within that time.
/// </summary>
public interface IInstallationSwitches
{
    /// <summary>
    /// What stands; version 0 when nothing was ever set, the defaults where what is stored is damaged. While they cannot be asked for (or
    /// do not come within a second) the last ones known are in force; throws only when none ever came.
    /// </summary>
    ValueTask<Versioned<InstallationSettings>> Get();
}
