namespace EsoCore.Silo.Hosting;

/// <summary>
/// Holds the processes on one database to one engine. It stands twice among the hosted services: before the engine, so that a stranger does
/// not join, and after it, since whoever changes the engine looks for silos that have joined.
/// </summary>
internal sealed class EngineCheck(EngineRow row, SiloOptions options) : IHostedService
{
    /// <exception cref="InvalidOperationException">The database is another engine's.</exception>
    public Task StartAsync(CancellationToken cancellationToken) =>
        row.Claim(Engine.Name, string.IsNullOrEmpty(options.Postgres) ? " --data ..." : " --postgres ...", cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
