using EsoCore.Config;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Config;

/// <summary>Owns the settings of one device model in one project.</summary>
[GrainType("config-profile")]
internal sealed class ConfigProfileGrain(
    IResourceStore store, ResourceLimits limits, ConfigProfiles profiles, TimeProvider time, ILogger<ConfigProfileGrain> log)
    : Grain, IConfigProfileGrain
{
    private ResourceDocument<ConfigSettings> _document = null!;
    private Guid _projectId;
    private string _model = "";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, _model) = ProjectKey.Parse(this.GetPrimaryKeyString());
        _document = new ResourceDocument<ConfigSettings>(store, limits, time, _projectId, ResourceKinds.ConfigProfile, _model);
        await _document.Load();
        if (_document.Damage is { } damage)
        {
            log.LogError(
                damage, "The config profile '{Model}' of project {Project} cannot be read; its devices go on as if it had been deleted",
                _model, _projectId);
        }
    }

    /// <inheritdoc/>
    public Task<Versioned<ConfigSettings>?> Get() => Task.FromResult(_document.Current);

    /// <inheritdoc/>
    public Task<Versioned<ConfigSettings>?> GetInForce() => Task.FromResult(InForce());

    /// <inheritdoc/>
    public async Task<EditResult<ConfigSettings>> Put(ConfigSettings settings, long? expectedVersion)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "model", _model);
        errors.AddRange(ConfigValidator.Validate(settings));
        if (errors.Count > 0)
            return EditResult<ConfigSettings>.Faulty([.. errors]);
        return await Told(() => _document.Put(settings, expectedVersion, onlyCreate: false));
    }

    /// <inheritdoc/>
    public Task<EditResult<ConfigSettings>> Delete(long? expectedVersion) => Told(() => _document.Delete(expectedVersion));

    /// <summary>Tells this process's cache what stands after an edit, also after one that failed: its outcome may be unknown.</summary>
    private async Task<EditResult<ConfigSettings>> Told(Func<Task<EditResult<ConfigSettings>>> edit)
    {
        try
        {
            return await edit();
        }
        finally
        {
            profiles.Told(_projectId, _model, InForce());
        }
    }

    /// <summary>A profile that cannot be read must not stop every device of its model: none counts instead, under its version.</summary>
    private Versioned<ConfigSettings>? InForce() =>
        _document.Readable ?? (_document.Version == 0 ? null : new Versioned<ConfigSettings>(_model, _document.Version, ConfigSettings.Empty));
}
