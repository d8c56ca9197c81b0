namespace EsoCore.Runtime.Engine;

/// <summary>
/// The activations of this process by identity: a hash table whose links are in the activations themselves, eight bytes each instead of a
/// dictionary's sixty-four.
/// Look-ups take no lock: a reader may stray into another chain while a shard grows, which at worst looks like a miss, and a miss is looked
/// up again under the lock.
/// </summary>
internal sealed class ActivationTable
{
    internal const int ShardCount = 64;
    private const int InitialBuckets = 16;

    private readonly Shard[] _shards = new Shard[ShardCount];

    public ActivationTable()
    {
        for (int i = 0; i < ShardCount; i++) _shards[i] = new Shard();
    }

    public int Count
    {
        get
        {
            int count = 0;
            foreach (Shard shard in _shards) count += shard.Count;
            return count;
        }
    }

    public Activation? Find(GrainId id) => ShardOf(id).Find(id);

    /// <summary>The activation with this identity, made if there is none.</summary>
    public Activation GetOrAdd(GrainId id, Func<GrainId, Activation> create) => Find(id) ?? ShardOf(id).GetOrAdd(id, create);

    public bool Remove(Activation activation) => ShardOf(activation.GrainId).Remove(activation);

    /// <summary>Visits the activations of one shard; those added or removed meanwhile may be missed.</summary>
    public void ForEach(int shard, Action<Activation> action)
    {
        foreach (Activation activation in _shards[shard].Snapshot()) action(activation);
    }

    private Shard ShardOf(GrainId id) => _shards[(uint)(id.GetHashCode() * -1640531527) >> 26];

    private sealed class Shard
    {
        private readonly Lock _gate = new();
        private Activation?[] _buckets = new Activation?[InitialBuckets];

        public int Count { get; private set; }

        public Activation? Find(GrainId id)
        {
            Activation?[] buckets = Volatile.Read(ref _buckets);
            Activation? at = Volatile.Read(ref buckets[id.GetHashCode() & (buckets.Length - 1)]);
            while (at is not null && !at.GrainId.Equals(id)) at = Volatile.Read(ref at.NextInBucket);
            return at;
        }

        public Activation GetOrAdd(GrainId id, Func<GrainId, Activation> create)
        {
            lock (_gate)
            {
                if (Find(id) is { } found) return found;
                if (Count == _buckets.Length) Grow();
                Activation added = create(id);
                ref Activation? bucket = ref _buckets[id.GetHashCode() & (_buckets.Length - 1)];
                added.NextInBucket = bucket;
                Volatile.Write(ref bucket, added);
                Count++;
                return added;
            }
        }

        public bool Remove(Activation activation)
        {
            lock (_gate)
            {
                ref Activation? link = ref _buckets[activation.GrainId.GetHashCode() & (_buckets.Length - 1)];
                while (link is not null && !ReferenceEquals(link, activation)) link = ref link.NextInBucket;
                if (link is null) return false;

                // The removed one keeps its link, so that a reader standing on it finds the way on.
                Volatile.Write(ref link, activation.NextInBucket);
                Count--;
                return true;
            }
        }

        public List<Activation> Snapshot()
        {
            lock (_gate)
            {
                var all = new List<Activation>(Count);
                foreach (Activation? bucket in _buckets)
                {
                    for (Activation? at = bucket; at is not null; at = at.NextInBucket) all.Add(at);
                }

                return all;
            }
        }

        private void Grow()
        {
            var buckets = new Activation?[_buckets.Length * 2];
            foreach (Activation? old in _buckets)
            {
                for (Activation? at = old; at is not null;)
                {
                    Activation? next = at.NextInBucket;
                    ref Activation? bucket = ref buckets[at.GrainId.GetHashCode() & (buckets.Length - 1)];
                    Volatile.Write(ref at.NextInBucket, bucket);
                    bucket = at;
                    at = next;
                }
            }

            Volatile.Write(ref _buckets, buckets);
        }
    }
}
