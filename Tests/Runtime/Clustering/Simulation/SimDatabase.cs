namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>
/// The way to the database, which membership table and grains share: latency, a database that is away, processes that cannot reach it,
/// answers that are lost, and statements that are made long after their caller gave them up.
/// </summary>
internal sealed class SimDatabase(World world)
{
    /// <summary>What a statement without an answer costs its caller.</summary>
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(1);

    private readonly HashSet<int> _unreachableFor = [];

    public bool IsAway { get; private set; }

    public bool IsSlow { get; set; }

    /// <summary>Whether answers are lost now and then, and statements delayed beyond their callers' patience.</summary>
    public bool IsUnreliable { get; set; } = true;

    /// <summary>Since when it is away, or was the last time.</summary>
    public TimeSpan AwaySince { get; private set; } = TimeSpan.MinValue;

    /// <summary>When it last came back after so long that every regular reader must have missed it.</summary>
    public TimeSpan BackFromLongSince { get; private set; } = TimeSpan.Zero;

    public void GoAway()
    {
        if (IsAway) return;
        (IsAway, AwaySince) = (true, world.Now);
    }

    public void ComeBack()
    {
        if (!IsAway) return;
        IsAway = false;
        if (world.Now - AwaySince > s_timeout) BackFromLongSince = world.Now;
    }

    public void Cut(int process) => _unreachableFor.Add(process);

    public void Heal(int process) => _unreachableFor.Remove(process);

    /// <summary>Makes a statement; it ends with its result, or with null when nothing is known of its outcome.</summary>
    public void Submit<T>(int process, Func<T> statement, Action<T?> done) where T : class
    {
        if (IsUnreliable && world.Chance(0.002))
        {
            // The caller gives it up, and it is made all the same.
            world.Count("late statements");
            world.After(s_timeout, () => done(null));
            world.After(world.Between(500, 2_500), () =>
            {
                if (!IsAway) statement();
            });
            return;
        }

        world.After(Latency(), () =>
        {
            if (IsAway || _unreachableFor.Contains(process))
            {
                // Refused at once, or never answered.
                world.After(world.Chance(0.5) ? Latency() : s_timeout, () => done(null));
                return;
            }

            T result = statement();
            bool isLost = IsUnreliable && world.Chance(0.002);
            if (isLost) world.Count("lost answers");
            world.After(isLost ? s_timeout : Latency(), () => done(isLost ? null : result));
        });
    }

    private TimeSpan Latency() => IsSlow ? world.Between(20, 250) : world.Chance(0.02) ? world.Between(5, 80) : world.Between(0, 2);
}
