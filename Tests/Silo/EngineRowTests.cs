using EsoCore.Grains.Storage;
using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>The row that names the engine in force.</summary>
public sealed class EngineRowTests
{
    private const string BuiltIn = EngineNames.BuiltIn;
    private const string Orleans = EngineNames.Orleans;

    private readonly InMemoryStores _stores = new(new FakeTimeProvider());

    private EngineRow Row => new(_stores, _stores);

    [Theory]
    [InlineData(BuiltIn, Orleans)]
    [InlineData(Orleans, BuiltIn)]
    public async Task Claim_FirstOfAll_KeepsTheOtherEngineOut(string first, string other)
    {
        Assert.Null(await Row.Read(default));
        await Claim(first);
        await Claim(first);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Claim(other));
        Assert.Equal(
            $"This installation runs on the engine '{first}', this program has '{other}'. "
                + $"To change it, stop all silos; then: engine {other} --here",
            error.Message);
        Assert.Equal(new EngineInForce(first), await Row.Read(default));
    }

    [Fact]
    public async Task Claim_OnDataOfBeforeThereWasARow_IsTheBuiltInEnginesAlone()
    {
        await _stores.Upsert(new ReminderRow("outbox/0", 1, "wake", DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), ""), default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Claim(Orleans));
        await Claim(BuiltIn);
        Assert.Equal(new EngineInForce(BuiltIn), await Row.Read(default));
    }

    [Fact]
    public async Task Change_NobodyAlive_LetsTheOtherInAndTheFirstOut_AndBackAgain()
    {
        await Claim(BuiltIn);
        foreach (var (to, from) in new[] { (Orleans, BuiltIn), (BuiltIn, Orleans) })
        {
            await Row.Change(to, _ => Silos(), default);
            await Claim(to);
            await Assert.ThrowsAsync<InvalidOperationException>(() => Claim(from));
        }
    }

    [Fact]
    public async Task Change_WhileSilosAreAlive_ChangesNothingAndNamesThem()
    {
        await Claim(BuiltIn);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Row.Change(Orleans, _ => Silos("10.0.0.1:7"), default));
        Assert.Contains("10.0.0.1:7", error.Message);
        await Claim(BuiltIn);
    }

    [Fact]
    public async Task Change_UnderWay_LetsNobodyIn_AndWhatBrokeOffIsFinishedByTheSameCommandOrTakenBack()
    {
        foreach (var to in new[] { Orleans, BuiltIn })
        {
            await Row.Change(BuiltIn, _ => Silos(), default);
            await Assert.ThrowsAsync<IOException>(() => Row.Change(
                Orleans,
                async _ =>
                {
                    foreach (var engine in EngineNames.All)
                    {
                        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Claim(engine));
                        Assert.Contains("is being changed", error.Message);
                    }

                    throw new IOException("The command broke off.");
                },
                default));
            await Row.Change(to, _ => Silos(), default);
            await Claim(to);
        }
    }

    [Fact]
    public async Task Change_WhereNoneEverWas_JustTakesIt()
    {
        await Row.Change(Orleans, _ => throw new IOException("Nobody is to be looked for."), default);
        Assert.Equal(new EngineInForce(Orleans), await Row.Read(default));
    }

    private Task Claim(string engine) => Row.Claim(engine, " --here", default);

    private static Task<IReadOnlyList<string>> Silos(params string[] alive) => Task.FromResult<IReadOnlyList<string>>(alive);
}
