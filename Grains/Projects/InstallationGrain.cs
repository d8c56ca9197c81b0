using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Grains.Projects;

/// <summary>Makes projects.</summary>
[GrainType("installation")]
internal sealed class InstallationGrain(IProjectStore store, IInstallationKeys keys, TimeProvider time) : Grain, IInstallationGrain
{
    private readonly KeyIssuer _issuer = new(keys, time);

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
}
