namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>One attempt to write something to a grain.</summary>
internal sealed class SimCall(int grain, long write, Action<CallOutcome> done)
{
    private bool _isOver;

    public int Grain => grain;

    public long Write => write;

    /// <summary>As the message carries it; null while the call is where it began.</summary>
    public int? Forwards { get; set; }

    /// <summary>The view that it was sent by.</summary>
    public long ViewVersion { get; set; }

    /// <summary>How often silos handed it on, counted apart from what the message says.</summary>
    public int TimesForwarded { get; set; }

    /// <summary>Tells the caller, once.</summary>
    public void End(CallOutcome outcome)
    {
        if (_isOver) return;
        _isOver = true;
        done(outcome);
    }
}

/// <summary>What the caller learns.</summary>
internal enum CallOutcome
{
    Acknowledged,
    Failed,
    TimedOut,
}
