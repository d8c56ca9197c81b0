using System.Text.Json;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Hosting;

/// <summary>Which engine serves a database.</summary>
/// <param name="Name">One of <see cref="EngineNames"/>.</param>
/// <param name="ChangingTo">The engine that it is being changed to: meanwhile neither starts. Else null.</param>
internal sealed record EngineInForce(string Name, string? ChangingTo = null);

/// <summary>
/// The row that names the engine in force, so that two engines never hold the same grains. Nothing that is stored would suffer: every
/// write is a compare-and-set. But each device would have two twins, which slow each other down.
/// </summary>
internal sealed class EngineRow(IResourceStore store, IReminderStore reminders)
{
    private const string DocumentId = "engine";
    private const int MaxAttempts = 8;

    /// <summary>A reminder that every installation has had since its first start.</summary>
    private const string FirstReminder = "outbox/0";

    /// <summary>The engine in force, or null where none ever was.</summary>
    public async Task<EngineInForce?> Read(CancellationToken cancel) => (await Find(cancel)).Engine;

    /// <summary>Makes an engine the one in force where none is yet.</summary>
    /// <exception cref="InvalidOperationException">Another one is, or it is being changed; the message says what to do.</exception>
    public async Task Claim(string own, string how, CancellationToken cancel)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var (engine, version) = await Find(cancel);
            if (engine is not null && Fault(engine, own, how) is { } fault)
                throw new InvalidOperationException(fault);
            if (engine is not null && version > 0)
                return;
            if (await Write(engine ?? new EngineInForce(own), version, cancel))
                return;
        }

        throw new InvalidOperationException("The engine in force could not be written: other processes kept changing it.");
    }

    /// <summary>
    /// Changes the engine in force if nobody is alive. First it is noted that it changes, which keeps everybody from starting; so whoever
    /// started before is seen.
    /// </summary>
    /// <param name="to">The engine to be.</param>
    /// <param name="living">The silos that are alive, by address.</param>
    /// <param name="cancel">Ends it; what was noted stays then, and the same command goes on.</param>
    /// <exception cref="InvalidOperationException">Silos are alive; the message names them. The engine stays what it was.</exception>
    public async Task Change(string to, Func<CancellationToken, Task<IReadOnlyList<string>>> living, CancellationToken cancel)
    {
        var (before, version) = await Find(cancel);
        if (before is null || before == new EngineInForce(to))
        {
            await Claim(to, "", cancel);
            return;
        }

        await Must(before with { ChangingTo = to }, version, cancel);
        if (await living(cancel) is { Count: > 0 } silos)
        {
            await Must(before with { ChangingTo = null }, version + 1, cancel);
            var alive = string.Join(", ", silos);
            throw new InvalidOperationException($"The engine stays '{before.Name}': stop all silos first. Alive: {alive}.");
        }

        await Must(new EngineInForce(to), version + 1, cancel);
    }

    /// <summary>Why a program with engine <paramref name="own"/> must not run, or null.</summary>
    private static string? Fault(EngineInForce engine, string own, string how) =>
        engine.ChangingTo is { } to
            ? $"The engine of this installation is being changed from '{engine.Name}' to '{to}'. If that broke off: engine {to}{how}"
        : engine.Name != own
            ? $"This installation runs on the engine '{engine.Name}', this program has '{own}'. "
                + $"To change it, stop all silos; then: engine {own}{how}"
        : null;

    private async Task<(EngineInForce? Engine, long Version)> Find(CancellationToken cancel)
    {
        if (await store.Find(Guid.Empty, ResourceKinds.Installation, DocumentId, cancel) is { } row)
            return (JsonSerializer.Deserialize<EngineInForce>(row.Body), row.Version);

        // Before there was this row, there was one engine.
        var served = (await reminders.Read(FirstReminder, cancel)).Length > 0;
        return (served ? new EngineInForce(EngineNames.BuiltIn) : null, 0);
    }

    private Task<bool> Write(EngineInForce engine, long version, CancellationToken cancel) =>
        store.Write(Guid.Empty, ResourceKinds.Installation, DocumentId, JsonSerializer.Serialize(engine), version, cancel);

    private async Task Must(EngineInForce engine, long version, CancellationToken cancel)
    {
        if (!await Write(engine, version, cancel))
            throw new InvalidOperationException("Somebody else changes the engine just now; try again.");
    }
}
