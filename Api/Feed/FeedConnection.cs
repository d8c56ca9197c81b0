using System.Text;
using EsoCore.Feed;

namespace EsoCore.Api;

/// <summary>Writes one connection's server-sent events until the client goes, the key is no longer good, or the server stops.</summary>
internal sealed class FeedConnection(
    HttpContext http, Caller caller, FeedFilter filter, FeedBuffer buffer, FeedReaders readers, CallerGate gate, TimeProvider time)
{
    /// <summary>How often something is written although nothing happens, and the key is looked at again.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    /// <summary>How long a client may take nothing before it is given up.</summary>
    public static readonly TimeSpan MaxStall = TimeSpan.FromSeconds(30);

    /// <summary>Entries that a client who comes back can have missed, read in portions; beyond, it is told to read afresh.</summary>
    private const int MaxPortions = 100;

    /// <summary>Milliseconds after which a client that lost its connection is to come back, as it is told.</summary>
    private const int ComeBackMs = 2_000;

    /// <summary>Characters that are gathered before they are written.</summary>
    private const int MaxGathered = 64 * 1024;

    private readonly StringBuilder _text = new();
    private FeedPosition? _sent;

    /// <summary>Runs until the connection ends.</summary>
    /// <param name="lastId">What the client had last, as it says; null: it begins.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task Run(string? lastId, CancellationToken cancel)
    {
        // Something at once, so that whatever stands in between passes the head on.
        _text.Append(": the live feed\nretry: ").Append(ComeBackMs).Append("\n\n");
        await Flush(cancel);
        await Resume(lastId, cancel);
        var nextBeat = time.GetUtcNow() + Beat;
        while (true)
        {
            var (messages, position) = await buffer.Take(nextBeat - time.GetUtcNow(), cancel);
            foreach (var message in messages)
            {
                Write(message);
                if (_text.Length >= MaxGathered)
                    await Flush(cancel);
            }

            if (time.GetUtcNow() >= nextBeat)
            {
                if (!await IsKeyGood())
                    return;
                // Also where the filter lets nothing through, the client is to know how far it has come.
                _text.Append(": heartbeat\n");
                if (position != default)
                    _text.Append("id: ").Append(Further(position).ToString()).Append('\n');
                _text.Append('\n');
                nextBeat = time.GetUtcNow() + Beat;
            }

            if (_text.Length > 0)
                await Flush(cancel);
        }
    }

    /// <summary>
    /// What came between the client's last entry and the place from which on the buffer is filled. Both may overlap: what was sent is not
    /// sent again.
    /// </summary>
    private async Task Resume(string? lastId, CancellationToken cancel)
    {
        if (lastId is null)
            return;
        if (FeedPosition.Parse(lastId) is not { } from)
        {
            Write(new FeedMessage(FeedMessage.Reset, await Begun(cancel), null));
            return;
        }

        var begun = await Begun(cancel);
        for (var portion = 0; portion < MaxPortions; portion++)
        {
            // Asked in any case: a place that the feed never gave out must not pass for one ahead of it.
            if (await readers.Read(caller.ProjectId, from, cancel) is not { IsReset: false } page || page.Position.Epoch != begun.Epoch)
                break;
            foreach (var item in page.Items.Where(i => filter.Passes(i.Entry)))
                Write(new FeedMessage(item.Entry.Kind, item.Position, item.Entry));
            _sent = from = page.Position;
            await Flush(cancel);
            if (from.Sequence >= begun.Sequence)
                return;
        }

        Write(new FeedMessage(FeedMessage.Reset, begun, null));
    }

    private async Task<FeedPosition> Begun(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await buffer.Begun.WaitAsync(Beat, time, cancel);
            }
            catch (TimeoutException)
            {
                _text.Append(": waiting\n\n");
                await Flush(cancel);
            }
        }
    }

    private void Write(FeedMessage message)
    {
        var position = message.Kind == FeedMessage.Reset ? message.Position : Further(message.Position);
        if (message.Entry is not null && position == _sent)
            return;
        _sent = position;
        _text.Append("event: ").Append(message.Kind).Append("\nid: ").Append(position.ToString());
        // A body is one line as a rule; more than one would each need the field's name.
        _text.Append("\ndata: ").Append((message.Entry?.Body.ToString() ?? "{}").ReplaceLineEndings("\ndata: ")).Append("\n\n");
    }

    /// <summary>The farther of two places: the buffer may stand behind what was read before it began to be filled.</summary>
    private FeedPosition Further(FeedPosition position) =>
        _sent is { } sent && sent.Epoch == position.Epoch && sent.Sequence > position.Sequence ? sent : position;

    private async Task<bool> IsKeyGood()
    {
        try
        {
            return await gate.Find(http.Request) is not null;
        }
        catch (CredentialLookupsBusyException)
        {
            return true; // It is asked again with the next beat.
        }
    }

    private async Task Flush(CancellationToken cancel)
    {
        var bytes = Encoding.UTF8.GetBytes(_text.ToString());
        _text.Clear();
        if (bytes.Length == 0)
            return;
        using var late = new CancellationTokenSource(MaxStall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        await http.Response.Body.WriteAsync(bytes, either.Token);
        await http.Response.Body.FlushAsync(either.Token);
    }
}
