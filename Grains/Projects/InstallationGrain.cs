using EsoCore.Grains.Storage;
using EsoCore.Projects;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Projects;

/// <summary>Makes projects, and owns the settings of the installation.</summary>
[GrainType("installation")]
internal sealed class InstallationGrain(
    IProjectStore store, IResourceStore resources, ResourceLimits limits, IInstallationKeys keys, TimeProvider time,
    ILogger<InstallationGrain> log) : Grain, IInstallationGrain
{
    private readonly KeyIssuer _issuer = new(keys, time);
    private readonly ResourceDocument<InstallationSettings> _settings =
        new(resources, limits, time, Guid.Empty, ResourceKinds.Installation, IInstallationGrain.Key);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _settings.Load();
        if (_settings.Damage is { } damage)
            log.LogError(damage, "The settings of the installation cannot be read; until they are set anew none count");
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The name is not 1 to 128 characters without control characters.</exception>
    public async Task<ProjectCreated> CreateProject(string name)
    {
        var errors = new List<FieldError>();
        TextRules.Required(errors, "name", name);
        if (errors.Count > 0)
            throw new ArgumentException(string.Join("; ", errors.Select(e => e.Message)), nameof(name));

        var project = new Project(Guid.NewGuid(), name, time.GetUtcNow(), RetentionDays: null);
        var (issued, stored) = _issuer.ForProject(project.Id);
        await store.CreateProject(project, stored, CancellationToken.None);
        return new ProjectCreated(project, issued);
    }

    /// <inheritdoc/>
    public Task<Versioned<InstallationSettings>> GetSettings() => Task.FromResult(
        _settings.Readable ?? new Versioned<InstallationSettings>(IInstallationGrain.Key, _settings.Version, new InstallationSettings()));

    /// <inheritdoc/>
    public async Task<EditResult<InstallationSettings>> PutSettings(InstallationSettings settings, long? expectedVersion)
    {
        if (!(settings.SamplingScale is >= InstallationSettings.MinSamplingScale and <= 1))
        {
            return EditResult<InstallationSettings>.Faulty(
                new FieldError("sampling_scale", $"must be {InstallationSettings.MinSamplingScale} to 1"));
        }

        // While nothing was ever set readers see version 0, and may name it.
        var expected = _settings.Readable is null && !_settings.IsDamaged && expectedVersion == 0 ? null : expectedVersion;
        return await _settings.Put(settings, expected, onlyCreate: false);
    }
}
