using EsoCore.Events;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>Collects the transitions of one commit, in order, each naming the one before it to the same receiver.</summary>
internal sealed class TransitionWriter(Guid projectId, Guid deviceId, Twin twin, SharedValues shared)
{
    /// <summary>Receivers whose last position a twin keeps. A receiver beyond them only loses the check for gaps, not the transitions.</summary>
    internal const int MaxReceivers = 128;

    private readonly List<OutboxEntry> _entries = [];
    private ImmutableArray<ReceiverMark> _receivers = twin.Receivers;

    internal ImmutableArray<OutboxEntry> Entries => [.. _entries];

    /// <summary>The twin's marks after these transitions.</summary>
    internal ImmutableArray<ReceiverMark> Receivers => _receivers;

    /// <summary>To an asset of the device's project.</summary>
    internal void ToAsset(string assetCode, DateTimeOffset at, TransitionBody body) =>
        Add(TransitionStreams.Assets, $"{projectId:D}/{assetCode}", at, body);

    /// <summary>To a site of the device's project.</summary>
    internal void ToSite(string siteId, DateTimeOffset at, TransitionBody body) =>
        Add(TransitionStreams.Sites, $"{projectId:D}/{siteId}", at, body);

    private void Add(string stream, string key, DateTimeOffset at, TransitionBody body)
    {
        var receiver = shared.Share(new ReceiverName(stream, key));
        var position = new TransitionPosition(twin.Version + 1, _entries.Count + 1);
        var previous = TransitionPosition.None;
        for (var i = 0; i < _receivers.Length; i++)
        {
            if (_receivers[i].Receiver != receiver)
                continue;
            previous = _receivers[i].Position;
            _receivers = _receivers.RemoveAt(i);
            break;
        }

        if (_receivers.Length == MaxReceivers)
            _receivers = _receivers.RemoveAt(0);
        _receivers = _receivers.Add(new ReceiverMark(receiver, position));
        _entries.Add(new OutboxEntry(stream, key, new Transition(deviceId, position, previous, at, body)));
    }
}
