namespace EsoCore.Api;

/// <summary>Asks every <see cref="IReadinessCheck"/>, once a second at most however many ask for it.</summary>
internal sealed class ReadinessProbe(IEnumerable<IReadinessCheck> checks, TimeProvider time) : IDisposable
{
    /// <summary>How long an answer is good.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private Answer? _last;

    /// <summary>What is not ready; empty when all is.</summary>
    public async ValueTask<ImmutableArray<FieldError>> Ask(CancellationToken cancel)
    {
        if (Fresh() is { } held)
            return held.Faults;
        await _turn.WaitAsync(cancel);
        try
        {
            if (Fresh() is { } meanwhile)
                return meanwhile.Faults;
            var faults = ImmutableArray.CreateBuilder<FieldError>();
            foreach (var check in checks)
            {
                if (await check.WhyNot(cancel) is { } reason)
                    faults.Add(new FieldError(check.Name, reason));
            }

            Volatile.Write(ref _last, new Answer(faults.ToImmutable(), time.GetTimestamp()));
            return faults.ToImmutable();
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private Answer? Fresh() => Volatile.Read(ref _last) is { } last && time.GetElapsedTime(last.At) < GoodFor ? last : null;

    private sealed record Answer(ImmutableArray<FieldError> Faults, long At);
}
