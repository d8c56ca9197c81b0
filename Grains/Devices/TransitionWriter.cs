using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;

namespace EsoCore.Grains.Devices;

/// <summary>
/// Collects the transitions of one commit, in order. Those to assets name the one before them to the same receiver; the others tell how
/// things stand and need no order.
/// </summary>
internal sealed class TransitionWriter(Guid projectId, Guid deviceId, Twin twin, SharedValues shared)
{
    /// <summary>Receivers whose last position a twin keeps: more than its assets and the incidents of its rules.</summary>
    internal const int MaxReceivers = 512;

    private readonly List<OutboxEntry> _entries = [];
    private readonly List<ReceiverMark> _receivers = [.. twin.Receivers];

    internal ImmutableArray<OutboxEntry> Entries => [.. _entries];

    /// <summary>What is stored of the device's presence with this commit; null while it stays as it is.</summary>
    internal PresenceWrite? Presence { get; set; }

    /// <summary>The twin's marks after these transitions.</summary>
    internal ImmutableArray<ReceiverMark> Receivers => _entries.Count == 0 ? twin.Receivers : [.. _receivers];

    /// <summary>To an asset of the device's project.</summary>
    internal void ToAsset(string assetCode, DateTimeOffset at, TransitionBody body) =>
        Add(TransitionStreams.Assets, $"{projectId:D}/{assetCode}", at, body, ordered: true);

    /// <summary>To a site of the device's project.</summary>
    internal void ToSite(string siteId, DateTimeOffset at, TransitionBody body) =>
        Add(TransitionStreams.Sites, $"{projectId:D}/{siteId}", at, body, ordered: false);

    /// <summary>To the liveness grain of a shard.</summary>
    internal void ToLiveness(int shard, DateTimeOffset at, TransitionBody body) =>
        Add(TransitionStreams.Liveness, LivenessShards.KeyOf(shard), at, body, ordered: false);

    /// <summary>To an incident, by its grain's key.</summary>
    internal void ToIncident(string key, DateTimeOffset at, RuleEpisode episode) =>
        Add(TransitionStreams.Incidents, key, at, episode, ordered: true);

    private void Add(string stream, string key, DateTimeOffset at, TransitionBody body, bool ordered)
    {
        var position = new TransitionPosition(twin.Version + 1, _entries.Count + 1);
        var previous = ordered ? Mark(new ReceiverMark(shared.Share(new ReceiverName(stream, key)), position)) : TransitionPosition.None;
        _entries.Add(new OutboxEntry(stream, key, new Transition(deviceId, position, previous, at, body)));
    }

    /// <summary>Notes the receiver's newest position; the one before it.</summary>
    private TransitionPosition Mark(ReceiverMark mark)
    {
        var at = _receivers.FindIndex(r => ReferenceEquals(r.Receiver, mark.Receiver) || r.Receiver == mark.Receiver);
        if (at >= 0)
        {
            var previous = _receivers[at].Position;
            _receivers[at] = mark;
            return previous;
        }

        if (_receivers.Count == MaxReceivers)
        {
            // Its next transition will name none before it, so it must not overtake one of these that is still on its way. Those to a
            // receiver that was told of before five hundred others are not. A position kept for all that are gone would be no help: a
            // receiver that was never sent it would wait for it for ever.
            _receivers.Remove(_receivers.MinBy(r => r.Position));
        }

        _receivers.Add(mark);
        return TransitionPosition.None;
    }
}
