using System.Text;
using System.Text.RegularExpressions;
using EsoCore.Device;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed partial class SdCardBufferTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("esocore-card-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void TakeBatch_NothingStored_IsNull()
    {
        using var card = new SdCardBuffer(new MemoryCardStore());
        Assert.Null(card.TakeBatch(ContentCoding.Identity));
        Assert.Null(card.OldestUnsentTimestamp);
    }

    [Fact]
    public void TakeBatch_Records_AreSealedLinesWithTheCursorBehindTheLast()
    {
        using var card = new SdCardBuffer(new MemoryCardStore());
        Fill(card, 0, 3);
        var batch = card.TakeBatch(ContentCoding.Identity)!;
        var lines = Lines(batch);
        Assert.Equal([0, 1, 2], Numbers(batch));
        Assert.All(lines, l => Assert.Matches("""^\{.*,"crc32":"[0-9a-f]{8}"\}$""", l));
        Assert.All(lines, l => Assert.True(RecordChecksum.TryVerify(Encoding.UTF8.GetBytes(l), out var ok) && ok));
        Assert.EndsWith(".ndjson:3", batch.Cursor, StringComparison.Ordinal);
        Assert.Equal(StoredBatch.HashOf(batch.Body), batch.Sha256Hex);
        Assert.Equal("2025-01-15T14:00:00.000Z", card.OldestUnsentTimestamp);
    }

    [Fact]
    public void TakeBatch_UntilAcknowledged_IsTheSameBatch()
    {
        using var card = new SdCardBuffer(new MemoryCardStore());
        Fill(card, 0, 3);
        var first = card.TakeBatch(ContentCoding.Gzip)!;
        Fill(card, 3, 3);
        Assert.Same(first, card.TakeBatch(ContentCoding.Zstd));
        card.Acknowledge(first);
        var second = card.TakeBatch(ContentCoding.Identity)!;
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal([3, 4, 5], Numbers(second));
        Assert.EndsWith(":6", second.Cursor, StringComparison.Ordinal);
    }

    [Fact]
    public void TakeBatch_ManyRecords_AreCutAtRecordsAndAtBytes()
    {
        using var byCount = new SdCardBuffer(new MemoryCardStore());
        Fill(byCount, 0, BatchLimits.MaxRecordsPerDeviceBatch + 1, padding: 0);
        var sizes = Drain(byCount).Select(b => b.Records).Order().ToList();
        Assert.Equal([1, BatchLimits.MaxRecordsPerDeviceBatch], sizes);

        using var byBytes = new SdCardBuffer(new MemoryCardStore());
        Fill(byBytes, 0, 2_000, padding: 1_000);
        var batches = Drain(byBytes);
        Assert.All(batches, b => Assert.InRange(b.RawBytes, 1, BatchLimits.MaxBytesPerDeviceBatch));
        Assert.Equal(2_000, batches.Sum(b => b.Records));
    }

    [Fact]
    public void TakeBatch_CriticalThenNewestThenBackfillFromTheOldest()
    {
        using var card = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBatchRecords = 10 });
        Fill(card, 0, 35);
        card.Append(Record(1_000), RecordPriority.Critical);
        card.Append(Record(1_001), RecordPriority.Critical);
        var order = Drain(card).Select(b => Numbers(b)[0]).ToList();
        Assert.Equal([1_000, 30, 0, 10, 20], order);
        Assert.Equal(0, card.Status.BacklogRecords);
    }

    [Fact]
    public void TakeBatch_WhileBackfilling_NewDataOvertakes()
    {
        using var card = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBatchRecords = 10 });
        Fill(card, 0, 35);
        card.Acknowledge(card.TakeBatch(ContentCoding.Identity)!);
        card.Acknowledge(card.TakeBatch(ContentCoding.Identity)!);
        Fill(card, 35, 2);
        Assert.Equal([35, 36], Numbers(card.TakeBatch(ContentCoding.Identity)!));
    }

    [Fact]
    public void Open_AfterARestart_ResendsTheBatchUnderWayByteForByte()
    {
        StoredBatch before;
        using (var card = OpenFiles())
        {
            Fill(card, 0, 5);
            before = card.TakeBatch(ContentCoding.Gzip)!;
        }

        using var again = OpenFiles();
        Fill(again, 5, 2);
        var after = again.TakeBatch(ContentCoding.Identity)!;
        Assert.Equal((before.Id, before.Cursor, before.Sha256Hex, before.Records, ContentCoding.Gzip), (after.Id, after.Cursor, after.Sha256Hex, after.Records, after.Coding));
        Assert.Equal(before.Body, after.Body);
        again.Acknowledge(after);
        Assert.Equal([5, 6], Numbers(again.TakeBatch(ContentCoding.Identity)!));
    }

    [Fact]
    public void Open_AfterAcknowledging_GoesOnBehindTheCursor()
    {
        using (var card = OpenFiles())
        {
            Fill(card, 0, 5);
            card.Acknowledge(card.TakeBatch(ContentCoding.Identity, maxRecords: 3)!);
        }

        using var again = OpenFiles();
        Assert.Equal(2, again.Status.BacklogRecords);
        var batch = again.TakeBatch(ContentCoding.Identity)!;
        Assert.Equal([3, 4], Numbers(batch));
        Assert.EndsWith(":5", batch.Cursor, StringComparison.Ordinal);
        again.Acknowledge(batch);
        Assert.Empty(Directory.GetFiles(_directory, "*.ndjson"));
    }

    [Fact]
    public void Open_FileCutAtAnyByteOfTheLastRecord_DropsTheTornRecordOnly()
    {
        using (var card = OpenFiles())
            Fill(card, 0, 3);
        var file = Directory.GetFiles(_directory, "*.ndjson").Single();
        var whole = File.ReadAllBytes(file);
        var ends = whole.Select((b, i) => (b, i)).Where(x => x.b == '\n').Select(x => x.i + 1).ToList();
        for (var length = ends[1] - 3; length <= whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            using var card = OpenFiles();
            var intact = ends.Count(e => e <= length);
            Assert.Equal(intact, card.Status.BacklogRecords);
            Fill(card, 7, 1);
            Assert.Equal([.. Enumerable.Range(0, intact), 7], Drain(card).SelectMany(Numbers).Order());
        }
    }

    [Fact]
    public void TakeBatch_DamagedRecordInTheMiddle_IsLeftOutAndCounted()
    {
        using (var card = OpenFiles())
            Fill(card, 0, 5);
        var file = Directory.GetFiles(_directory, "*.ndjson").Single();
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.AsSpan().IndexOf("\"val\":2"u8) + 6] = (byte)'9';
        File.WriteAllBytes(file, bytes);
        using var again = OpenFiles();
        var batch = again.TakeBatch(ContentCoding.Identity)!;
        Assert.Equal([0, 1, 3, 4], Numbers(batch));
        Assert.EndsWith(":5", batch.Cursor, StringComparison.Ordinal);
        Assert.Equal(1, again.Status.CorruptRecords);
    }

    [Fact]
    public void Open_StateLost_SendsEverythingAgain()
    {
        using (var card = OpenFiles())
        {
            Fill(card, 0, 4);
            card.Acknowledge(card.TakeBatch(ContentCoding.Identity, maxRecords: 2)!);
        }

        File.WriteAllText(Path.Combine(_directory, "card.json"), "{\"card");
        using var again = OpenFiles();
        Assert.Equal([0, 1, 2, 3], Numbers(again.TakeBatch(ContentCoding.Identity)!));
    }

    [Fact]
    public void AdvanceTo_ServerIsAhead_SkipsWhatItHas()
    {
        using var card = new SdCardBuffer(new MemoryCardStore());
        Fill(card, 0, 6);
        var lost = card.TakeBatch(ContentCoding.Identity, maxRecords: 4)!;
        card.AdvanceTo(new Dictionary<string, long> { [lost.File] = 4, ["data-00000000-00000001.ndjson"] = 100 });
        Assert.Equal([4, 5], Numbers(card.TakeBatch(ContentCoding.Identity)!));
    }

    [Fact]
    public void AdvanceTo_ServerIsBehindOrBeyond_IsIgnored()
    {
        using var card = new SdCardBuffer(new MemoryCardStore());
        Fill(card, 0, 6);
        var batch = card.TakeBatch(ContentCoding.Identity, maxRecords: 4)!;
        card.Acknowledge(batch);
        card.AdvanceTo(new Dictionary<string, long> { [batch.File] = 2 });
        card.AdvanceTo(new Dictionary<string, long> { [batch.File] = 7 });
        Assert.Equal([4, 5], Numbers(card.TakeBatch(ContentCoding.Identity)!));
    }

    [Fact]
    public void Append_CardFull_DropsTheOldestDataAndKeepsCriticalEvents()
    {
        var options = new SdCardOptions { MaxBytes = 10_000, MaxBatchBytes = 1_000 };
        using var card = new SdCardBuffer(new MemoryCardStore(), options);
        card.Append(Record(-1), RecordPriority.Critical);
        Fill(card, 0, 1_000);
        var status = card.Status;
        Assert.InRange(status.UsedBytes, 8_000, options.MaxBytes);
        Assert.Equal(1_001, status.BacklogRecords + status.DroppedRecords);
        var left = Drain(card).SelectMany(Numbers).Order().ToList();
        Assert.Equal(-1, left[0]);
        Assert.Equal(Enumerable.Range(1_000 - (left.Count - 1), left.Count - 1), left.Skip(1));
    }

    [Fact]
    public void Append_CardFullOfCriticalEvents_StillTakesNewOnes()
    {
        using var card = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBytes = 4_000, MaxBatchBytes = 1_000 });
        for (var i = 0; i < 300; i++)
            card.Append(Record(i), RecordPriority.Critical);
        Assert.Contains(299, Drain(card).SelectMany(Numbers));
    }

    [Fact]
    public void Append_CardFullWhileABatchIsUnderWay_CountsAsDroppedOnlyWhatIsNotSent()
    {
        var options = new SdCardOptions { MaxBytes = 2_000, MaxBatchBytes = 1_000 };
        StoredBatch under;
        using (var card = new SdCardBuffer(new FileCardStore(_directory), options))
        {
            Fill(card, 0, 6);
            under = card.TakeBatch(ContentCoding.Identity, maxRecords: 2)!;
            Fill(card, 6, 100);
            Assert.DoesNotContain(under.File, Directory.GetFiles(_directory).Select(Path.GetFileName));
            Assert.Equal(106, card.Status.BacklogRecords + card.Status.DroppedRecords);
        }

        using var again = new SdCardBuffer(new FileCardStore(_directory), options);
        Assert.Equal(under.Id, again.TakeBatch(ContentCoding.Identity)!.Id);
        var backlog = again.Status.BacklogRecords;
        Assert.Equal(backlog, Drain(again).Sum(b => b.Records));
        Assert.Equal((0, 0), (again.Status.BacklogRecords, again.Status.DroppedRecords));
    }

    [Fact]
    public void Recut_FileDroppedMeanwhile_CountsItsRecordsAsDropped()
    {
        using var card = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBytes = 2_000, MaxBatchBytes = 1_000 });
        Fill(card, 0, 2);
        var batch = card.TakeBatch(ContentCoding.Identity)!;
        Fill(card, 2, 100);
        card.Recut(batch);
        Assert.Equal(102, card.Status.BacklogRecords + card.Status.DroppedRecords);
        Assert.Equal(card.Status.BacklogRecords, Drain(card).Sum(b => b.Records));
    }

    [Fact]
    public void Append_RecordLargerThanTheCard_IsTakenAlone()
    {
        using var card = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBytes = 2_000, MaxBatchBytes = 1_000 });
        Fill(card, 0, 1);
        card.Append(Record(1, padding: 5_000), RecordPriority.Data);
        Assert.Equal([1], Drain(card).SelectMany(Numbers));
        Assert.Equal(1, card.Status.DroppedRecords);
    }

    [Theory]
    [InlineData("{\"a\":\n1}")]
    [InlineData("[]")]
    [InlineData("")]
    public void Append_NotOneLineOfObject_IsRefused(string record)
    {
        using var card = new SdCardBuffer(new MemoryCardStore());
        Assert.Throws<ArgumentException>(() => card.Append(Encoding.UTF8.GetBytes(record), RecordPriority.Data));
        Assert.Equal(0, card.Status.BacklogRecords);
    }

    [Fact]
    public void Append_HugeRecords_GoOneByOne()
    {
        using var card = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBatchBytes = 1_000 });
        for (var i = 0; i < 3; i++)
            card.Append(Record(i, padding: 200_000), RecordPriority.Data);
        Assert.Equal([2, 0, 1], Drain(card).Select(b => Assert.Single(Numbers(b))));
    }

    private SdCardBuffer OpenFiles() => new(new FileCardStore(_directory));

    private static void Fill(SdCardBuffer card, int from, int count, int padding = 0)
    {
        for (var i = from; i < from + count; i++)
            card.Append(Record(i, padding), RecordPriority.Data);
    }

    private static byte[] Record(int number, int padding = 0) =>
        Encoding.UTF8.GetBytes($$"""{"ts":"2025-01-15T14:00:00.000Z","series":"x","val":{{number}},"unit":"°C","pad":"{{new string('x', padding)}}"}""");

    private static List<StoredBatch> Drain(SdCardBuffer card)
    {
        var batches = new List<StoredBatch>();
        while (card.TakeBatch(ContentCoding.Identity) is { } batch)
        {
            batches.Add(batch);
            card.Acknowledge(batch);
        }

        return batches;
    }

    private static List<string> Lines(StoredBatch batch) => [.. Encoding.UTF8.GetString(batch.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static List<int> Numbers(StoredBatch batch) => [.. Lines(batch).Select(l => int.Parse(Value().Match(l).Groups[1].ValueSpan))];

    [GeneratedRegex("\"val\":(-?[0-9]+)")]
    private static partial Regex Value();
}
