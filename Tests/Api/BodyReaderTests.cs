using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using EsoCore.Api;
using EsoCore.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Who pays for a body, for how long, and when it came too slowly.</summary>
public sealed class BodyReaderTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ByteBudget _budget = new(1 << 20);

    [Fact]
    public async Task Callers_not_yet_proven_pay_for_what_arrived_from_a_budget_of_their_own()
    {
        var reader = new BodyReader(_budget, _clock);
        var pipe = new Pipe();
        var reading = Read(reader, pipe, stated: 65_536, proven: false);
        Assert.Equal(1_024, reader.UnprovenUsed);

        await pipe.Writer.WriteAsync(new byte[65_536]);
        using (var body = (await reading).Body!)
            Assert.Equal((65_536, 65_536L, 0L), (body.Bytes.Length, reader.UnprovenUsed, _budget.Used));
        Assert.Equal(0, reader.UnprovenUsed);
    }

    [Fact]
    public async Task Strangers_who_fill_their_budget_leave_that_of_the_proven_alone()
    {
        var reader = new BodyReader(_budget, _clock);
        var many = new List<Task<(RentedBody? Body, Problem? Problem)>>();
        for (var full = 0; full < (BodyReader.UnprovenBudgetBytes / 65_536) - 1; full++)
        {
            var almost = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            await almost.Writer.WriteAsync(new byte[65_535]);
            many.Add(Read(reader, almost, stated: 65_536, proven: false).AsTask());
        }

        while (reader.UnprovenUsed < BodyReader.UnprovenBudgetBytes)
            many.Add(Read(reader, new Pipe(), stated: 65_536, proven: false).AsTask());
        Assert.Equal(503, (await Read(reader, new Pipe(), stated: 10, proven: false)).Problem!.Status);

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(new byte[65_536]);
        using (var body = (await Read(reader, pipe, stated: 65_536, proven: true)).Body)
            Assert.NotNull(body);
        _clock.Advance(BodyReader.UnprovenDeadline);
        Assert.All(await Task.WhenAll(many), read => Assert.Equal(408, read.Problem!.Status));
        Assert.Equal(0, reader.UnprovenUsed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_is_not_there_at_its_deadline_is_408_and_paid_back(bool proven)
    {
        var reader = new BodyReader(_budget, _clock);
        var pipe = new Pipe();
        var reading = Read(reader, pipe, stated: 100, proven).AsTask();
        await pipe.Writer.WriteAsync(new byte[99]);
        _clock.Advance((proven ? BodyReader.Deadline : BodyReader.UnprovenDeadline) - TimeSpan.FromSeconds(1));
        Assert.False(reading.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(408, (await reading).Problem!.Status);
        Assert.Equal((0L, 0L), (_budget.Used, reader.UnprovenUsed));
    }

    [Fact]
    public void An_abandoned_body_is_paid_for_until_nobody_holds_it()
    {
        var held = Abandon();
        Collect();
        Assert.Equal((4_096L, 4_096L), (_budget.Used, _budget.Abandoned));
        GC.KeepAlive(held);

        held.Value = default;
        Collect();

        Assert.Equal((0L, 0L), (_budget.Used, _budget.Abandoned));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private StrongBox<ReadOnlyMemory<byte>> Abandon()
    {
        Assert.True(_budget.TryReserve(4_096));
        var body = new RentedBody(_budget, new byte[4_096], 100);
        var held = new StrongBox<ReadOnlyMemory<byte>>(body.Bytes);
        body.Abandon();
        body.Dispose();
        return held;
    }

    private static void Collect()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static ValueTask<(RentedBody? Body, Problem? Problem)> Read(BodyReader reader, Pipe pipe, long? stated, bool proven)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = pipe.Reader.AsStream();
        http.Request.ContentLength = stated;
        return reader.Read(http.Request, 65_536, TimeSpan.FromSeconds(1), proven);
    }
}
