using EsoCore.Notifications;

namespace EsoCore.Tests.Api;

/// <summary>People as the front door sees them.</summary>
internal sealed class FakePerson(string key) : IPersonGrain
{
    private readonly FakeDocument<PersonDefinition> _document = new(key);

    public Task<Versioned<PersonDefinition>?> Get() => Task.FromResult(_document.Current);

    public Task<EditResult<PersonDefinition>> Put(PersonDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_document.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<PersonDefinition>> Delete(long? expectedVersion) => Task.FromResult(_document.Delete(expectedVersion));
}

/// <summary>Teams as the front door sees them.</summary>
internal sealed class FakeTeam(string key) : ITeamGrain
{
    private readonly FakeDocument<TeamDefinition> _document = new(key);

    public Task<Versioned<TeamDefinition>?> Get() => Task.FromResult(_document.Current);

    public Task<EditResult<TeamDefinition>> Put(TeamDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_document.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<TeamDefinition>> Delete(long? expectedVersion) => Task.FromResult(_document.Delete(expectedVersion));
}

/// <summary>Channels as the front door sees them.</summary>
internal sealed class FakeChannel(string key) : IChannelGrain
{
    private readonly FakeDocument<ChannelDefinition> _document = new(key);

    public Task<Versioned<ChannelDefinition>?> Get() => Task.FromResult(_document.Current);

    public Task<EditResult<ChannelDefinition>> Put(
        ChannelDefinition definition, ChannelSecrets secrets, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_document.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<ChannelDefinition>> Delete(long? expectedVersion) => Task.FromResult(_document.Delete(expectedVersion));

    public Task<ChannelTest?> Test(string? to) => Task.FromResult<ChannelTest?>(_document.Current is null ? null : new ChannelTest("delivered", "ok", 1));

    public Task Fared(bool refused, string detail) => Task.CompletedTask;
}

/// <summary>Silences as the front door sees them.</summary>
internal sealed class FakeSilence(string key) : ISilenceGrain
{
    private readonly FakeDocument<SilenceDefinition> _document = new(key);

    public Task<Versioned<SilenceDefinition>?> Get() => Task.FromResult(_document.Current);

    public Task<EditResult<SilenceDefinition>> Put(SilenceDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_document.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<SilenceDefinition>> Delete(long? expectedVersion) => Task.FromResult(_document.Delete(expectedVersion));
}

/// <summary>Maintenance windows as the front door sees them.</summary>
internal sealed class FakeMaintenanceWindow(string key) : IMaintenanceWindowGrain
{
    private readonly FakeDocument<MaintenanceWindowDefinition> _document = new(key);

    public Task<Versioned<MaintenanceWindowDefinition>?> Get() => Task.FromResult(_document.Current);

    public Task<EditResult<MaintenanceWindowDefinition>> Put(
        MaintenanceWindowDefinition definition, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(_document.Put(definition, expectedVersion, onlyCreate));

    public Task<EditResult<MaintenanceWindowDefinition>> Delete(long? expectedVersion) => Task.FromResult(_document.Delete(expectedVersion));
}

/// <summary>Templates as the front door sees them: only those there are.</summary>
internal sealed class FakeTemplate(string key) : ITemplateGrain
{
    private readonly FakeDocument<TemplateDefinition> _document = new(key);

    private bool IsKnown => _document.Id.Contains('.');

    public Task<Versioned<TemplateDefinition>?> Get() => Task.FromResult(
        !IsKnown ? null : _document.Current ?? new Versioned<TemplateDefinition>(_document.Id, 0, new TemplateDefinition("s", "t", BuiltIn: true)));

    public Task<EditResult<TemplateDefinition>> Put(TemplateDefinition definition, long? expectedVersion) =>
        Task.FromResult(IsKnown ? _document.Put(definition, expectedVersion, onlyCreate: false) : EditResult<TemplateDefinition>.Of(EditOutcome.NotFound));

    public Task<EditResult<TemplateDefinition>> Delete(long? expectedVersion) => Task.FromResult(_document.Delete(expectedVersion));

    public Task<TemplatePreview?> Preview(string? subject, string? text) =>
        Task.FromResult<TemplatePreview?>(IsKnown ? new TemplatePreview(subject ?? "s", text ?? "t", null) : null);
}

/// <summary>A project's notifications as the front door sees them: none.</summary>
internal sealed class FakeNotifications : INotificationsGrain
{
    public Task<Page<Versioned<PersonDefinition>>> ListPeople(PageRequest page) => None<Versioned<PersonDefinition>>();

    public Task<Page<Versioned<TeamDefinition>>> ListTeams(PageRequest page) => None<Versioned<TeamDefinition>>();

    public Task<Page<Versioned<ChannelDefinition>>> ListChannels(PageRequest page) => None<Versioned<ChannelDefinition>>();

    public Task<Page<Versioned<SilenceDefinition>>> ListSilences(PageRequest page) => None<Versioned<SilenceDefinition>>();

    public Task<Page<Versioned<MaintenanceWindowDefinition>>> ListMaintenanceWindows(PageRequest page) => None<Versioned<MaintenanceWindowDefinition>>();

    public Task<System.Collections.Immutable.ImmutableArray<Versioned<TemplateDefinition>>> ListTemplates() =>
        Task.FromResult(System.Collections.Immutable.ImmutableArray<Versioned<TemplateDefinition>>.Empty);

    public Task<Page<Delivery>> ListDeliveries(DeliveryFilter filter, PageRequest page) => None<Delivery>();

    public Task<Delivery?> FindDelivery(Guid id) => Task.FromResult<Delivery?>(null);

    public Task<EditResult<Delivery>> SendAgain(Guid id, string actor) => Task.FromResult(EditResult<Delivery>.Of(EditOutcome.NotFound));

    private static Task<Page<T>> None<T>() => Task.FromResult(new Page<T>([], null));
}
