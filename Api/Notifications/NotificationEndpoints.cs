namespace EsoCore.Api;

/// <summary>Whom the project tells, through what, in which words, and what became of it.</summary>
internal static class NotificationEndpoints
{
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        RecipientRoutes.People.Map<PersonBody, PersonForm, PersonList>(app);
        RecipientRoutes.Teams.Map<TeamBody, TeamForm, TeamList>(app);
        ChannelRoutes.MapTest(ChannelRoutes.Channels.Map<ChannelBody, ChannelForm, ChannelList>(app));
        MutingRoutes.Silences.Map<SilenceBody, SilenceForm, SilenceList>(app);
        MutingRoutes.Windows.Map<MaintenanceWindowBody, MaintenanceWindowForm, MaintenanceWindowList>(app);
        app.MapTemplates();
        app.MapDeliveries();
    }
}
