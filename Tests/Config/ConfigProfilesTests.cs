using EsoCore.Config;
using EsoCore.Grains.Config;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Config;

public sealed class ConfigProfilesTests
{
    private static readonly Guid Project = Guid.NewGuid();

    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedProfiles _grains = new();
    private readonly ConfigProfiles _cache;

    public ConfigProfilesTests() => _cache = new ConfigProfiles(_grains, _time);

    [Fact]
    public async Task Get_WithinTheAge_AsksOnce_ThenAgain()
    {
        _grains.Answers.Enqueue(Task.FromResult(Version(1)));
        _grains.Answers.Enqueue(Task.FromResult(Version(2)));
        Assert.Equal(1, (await _cache.Get(Project, "m"))!.Version);
        Assert.Equal(1, (await _cache.Get(Project, "m"))!.Version);
        _time.Advance(ConfigProfiles.MaxAge);
        Assert.Equal(2, (await _cache.Get(Project, "m"))!.Version);
        Assert.Equal(2, _grains.Calls);
    }

    [Fact]
    public async Task Get_ManyAtOnce_ShareOneCall()
    {
        var answer = new TaskCompletionSource<Versioned<ConfigSettings>?>();
        _grains.Answers.Enqueue(answer.Task);
        var callers = Enumerable.Range(0, 100).Select(_ => _cache.Get(Project, "m").AsTask()).ToArray();
        answer.SetResult(Version(3));
        Assert.All(await Task.WhenAll(callers), found => Assert.Equal(3, found!.Version));
        Assert.Equal(1, _grains.Calls);
    }

    [Fact]
    public async Task Get_AnEditIsToldWhileAnOlderAnswerIsUnderWay_TheEditWins()
    {
        var answer = new TaskCompletionSource<Versioned<ConfigSettings>?>();
        _grains.Answers.Enqueue(answer.Task);
        var caller = _cache.Get(Project, "m").AsTask();
        _cache.Told(Project, "m", Version(5));
        answer.SetResult(Version(4));
        Assert.Equal(5, (await caller)!.Version);
        Assert.Equal(5, (await _cache.Get(Project, "m"))!.Version);
    }

    [Fact]
    public async Task Get_OfMoreModelsThanAreHeld_StaysWithinTheLimit()
    {
        for (var i = 0; i < ConfigProfiles.MaxProfiles + 100; i++)
            _cache.Told(Project, $"m{i}", Version(i + 1));
        _grains.Answers.Enqueue(Task.FromResult(Version(1)));
        Assert.Equal(1, (await _cache.Get(Project, "m0"))!.Version);
        Assert.Equal(ConfigProfiles.MaxProfiles + 100, (await _cache.Get(Project, $"m{ConfigProfiles.MaxProfiles + 99}"))!.Version);
    }

    private static Versioned<ConfigSettings>? Version(long version) => new("m", version, ConfigSettings.Empty);

    /// <summary>A profile grain that answers from a queue, and the factory that hands it out.</summary>
    private sealed class ScriptedProfiles : FakeGrainFactory, IConfigProfileGrain
    {
        public Queue<Task<Versioned<ConfigSettings>?>> Answers { get; } = [];

        public int Calls { get; private set; }

        public Task<Versioned<ConfigSettings>?> GetInForce()
        {
            Calls++;
            return Answers.Dequeue();
        }

        protected override object Find(Type type, string key) => this;

        public Task<Versioned<ConfigSettings>?> Get() => throw new NotSupportedException();

        public Task<EditResult<ConfigSettings>> Put(ConfigSettings settings, long? expectedVersion) => throw new NotSupportedException();

        public Task<EditResult<ConfigSettings>> Delete(long? expectedVersion) => throw new NotSupportedException();
    }
}
