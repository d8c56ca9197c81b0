using EsoCore.Api;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>What probes and scrapes meet.</summary>
public sealed class OperationsTests
{
    [Fact]
    public async Task Readiness_is_asked_for_once_a_second_at_most()
    {
        var (check, clock) = (new CountingCheck(), new FakeTimeProvider());
        using var probe = new ReadinessProbe([check], clock);
        for (var i = 0; i < 5; i++)
            Assert.Equal("why", Assert.Single(await probe.Ask(default)).Message);
        Assert.Equal(1, check.Asked);

        clock.Advance(ReadinessProbe.GoodFor);
        check.Reason = null;

        Assert.Empty(await probe.Ask(default));
        Assert.Equal(2, check.Asked);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Probes_may_ask_by_HEAD(string path)
    {
        await using var door = await FrontDoor.Open();
        Assert.Equal(0, (await door.Send(new HttpRequestMessage(HttpMethod.Head, path))).Is(200).Length);
    }

    [Fact]
    public async Task The_OpenAPI_document_is_written_once()
    {
        await using var door = await FrontDoor.Open();
        var first = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json"))).Is(200);
        var again = (await door.Send(new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json?x=1"))).Is(200);
        Assert.Null(first.Header("Age"));
        Assert.NotNull(again.Header("Age")); // Only what comes from the cache tells its age.
        Assert.Equal(first.Text, again.Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    [InlineData(2_000)]
    [InlineData(2_001)]
    public void An_address_gets_as_many_requests_a_second_as_are_set(int perSecond)
    {
        var bucket = AddressRates.Bucket(1, perSecond);
        Assert.Equal(perSecond, bucket.TokensPerPeriod / bucket.ReplenishmentPeriod.TotalSeconds, 6);
    }

    private sealed class CountingCheck : IReadinessCheck
    {
        public string Name => "it";

        public int Asked { get; private set; }

        public string? Reason { get; set; } = "why";

        public ValueTask<string?> WhyNot(CancellationToken cancel)
        {
            Asked++;
            return new(Reason);
        }
    }
}
