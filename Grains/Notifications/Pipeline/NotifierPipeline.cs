namespace EsoCore.Grains.Notifications;

/// <summary>
/// The stages that a notice passes, in this order. Sending itself happens between two turns, once the commit of the first has made the
/// message durable; the send stage of the next hears how it went.
/// </summary>
internal sealed class NotifierPipeline(TemplateRenderer renderer)
{
    /// <summary>In order.</summary>
    public ImmutableArray<INotifierStage> Stages { get; } =
    [
        new MuteStage(),
        new DeduplicateStage(),
        new GroupStage(),
        new AddressStage(),
        new RenderStage(renderer),
        new SendStage(),
        new RecordStage(),
    ];

    /// <summary>Runs them all.</summary>
    public void Run(NotifierTurn turn)
    {
        foreach (var stage in Stages)
            stage.Run(turn);
    }
}
