namespace EsoCore.Api;

/// <summary>Whom the project tells, through what, in which words, and what became of it.</summary>
internal static class NotificationEndpoints
{
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        RecipientRoutes.People.Map<PersonBody, NewPersonForm, PersonForm, PersonList>(app);
        RecipientRoutes.Teams.Map<TeamBody, NewTeamForm, TeamForm, TeamList>(app);
        ChannelRoutes.MapTest(ChannelRoutes.Channels.Map<ChannelBody, NewChannelForm, ChannelForm, ChannelList>(app));
        MutingRoutes.Silences.Map<SilenceBody, NewSilenceForm, SilenceForm, SilenceList>(app);
        MutingRoutes.Windows.Map<MaintenanceWindowBody, NewMaintenanceWindowForm, MaintenanceWindowForm, MaintenanceWindowList>(app);
        app.MapTemplates();
        app.MapDeliveries();
    }
}
