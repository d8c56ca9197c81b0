using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Silo.Storage;

/// <summary>Transitions as their rows hold them.</summary>
internal static class OutboxRows
{
    /// <summary>The transitions of rows. One that cannot be read is passed over: it must not stop all others of its shard.</summary>
    public static ImmutableArray<OutboxEntry> Read(IEnumerable<(string Stream, string Receiver, string Transition)> rows, ILogger log)
    {
        var entries = ImmutableArray.CreateBuilder<OutboxEntry>();
        foreach (var (stream, receiver, text) in rows)
        {
            try
            {
                entries.Add(new OutboxEntry(stream, receiver, StorageJson.Read<Transition>(text)));
            }
            catch (Exception error) when (error is InvalidDataException or NotSupportedException)
            {
                log.LogError(error, "A transition to {Receiver} of stream {Stream} cannot be read; it is passed over", receiver, stream);
            }
        }

        return entries.DrainToImmutable();
    }
}
