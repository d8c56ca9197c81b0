using System.Text;
using System.Text.Json;
using EsoCore.Device;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class FailingCardTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("esocore-failing-card-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(0, true)]
    [InlineData(20, true)]
    [InlineData(20, false)]
    public void Append_CardFullWithinALine_LosesOnlyTheRecordThatFailed(int bytesLeft, bool mends)
    {
        var store = new FailingStore(new MemoryCardStore()) { Mends = mends };
        using var card = new SdCardBuffer(store);
        Append(card, 0);
        Append(card, 1);
        store.BytesLeft = bytesLeft;
        Assert.Throws<IOException>(() => Append(card, 2));
        Assert.Equal(2, card.Status.BacklogRecords);
        store.BytesLeft = null;
        Append(card, 3);
        Append(card, 4);
        Assert.Equal(4, card.Status.BacklogRecords);
        Assert.Equal([0, 1, 3, 4], Drain(card).Order());
        Assert.Equal((0, 0, 0), (card.Status.BacklogRecords, card.Status.CorruptRecords, card.Status.DroppedRecords));
    }

    [Fact]
    public void Append_FirstLineOfAFileFails_LeavesNoFileBehind()
    {
        var store = new FailingStore(new MemoryCardStore()) { BytesLeft = 20 };
        using var card = new SdCardBuffer(store);
        Assert.Throws<IOException>(() => Append(card, 0));
        Assert.Throws<IOException>(() => Append(card, 1));
        Assert.DoesNotContain(store.List(), f => f.Name.EndsWith(".ndjson", StringComparison.Ordinal));
        store.BytesLeft = null;
        Append(card, 2);
        Assert.Equal([2], Drain(card));
        Assert.True(card.Status.UsedBytes > 0);
    }

    [Fact]
    public void Open_TornLineThatCouldNotBeCutOff_IsCutOffThen()
    {
        var store = new FailingStore(new FileCardStore(_directory)) { Mends = false };
        using (var card = new SdCardBuffer(store))
        {
            Append(card, 0);
            store.BytesLeft = 20;
            Assert.Throws<IOException>(() => Append(card, 1));
            store.BytesLeft = null;
            Append(card, 2);
        }

        using var again = new SdCardBuffer(new FileCardStore(_directory));
        Assert.Equal(1, again.Status.CorruptRecords);
        Append(again, 3);
        Assert.Equal([0, 2, 3], Drain(again).Order());
    }

    [Fact]
    public void Sync_FileOfAnEarlierStoreOrNone_IsNoError()
    {
        using (var store = new FileCardStore(_directory))
            store.Append("a", "text"u8);
        using var again = new FileCardStore(_directory);
        again.Sync("a");
        again.Sync("b");
        Assert.Equal([("a", 4L)], again.List());
    }

    private static void Append(SdCardBuffer card, int number) =>
        card.Append(Encoding.UTF8.GetBytes($$"""{"ts":"2025-01-15T14:00:00.000Z","series":"x","val":{{number}},"unit":"m"}"""), RecordPriority.Data);

    private static List<int> Drain(SdCardBuffer card)
    {
        var numbers = new List<int>();
        while (card.TakeBatch(ContentCoding.Identity) is { } batch)
        {
            foreach (var line in Encoding.UTF8.GetString(batch.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                numbers.Add(JsonDocument.Parse(line).RootElement.GetProperty("val").GetInt32());
            card.Acknowledge(batch);
        }

        return numbers;
    }

    /// <summary>A card that takes so many more bytes of records and then, like a real one, a part of the line before it fails.</summary>
    private sealed class FailingStore(ICardStore card) : ICardStore
    {
        /// <summary>Null while there is room.</summary>
        public int? BytesLeft { get; set; }

        /// <summary>Whether files can be cut and deleted while the card is full.</summary>
        public bool Mends { get; init; } = true;

        public IReadOnlyList<(string Name, long Bytes)> List() => card.List();

        public void Append(string name, ReadOnlySpan<byte> bytes)
        {
            if (BytesLeft is not { } left || left >= bytes.Length)
            {
                card.Append(name, bytes);
                return;
            }

            card.Append(name, bytes[..left]);
            throw new IOException("No space left on device");
        }

        public void Sync(string name) => card.Sync(name);

        public int Read(string name, long offset, Span<byte> buffer) => card.Read(name, offset, buffer);

        public void Truncate(string name, long bytes)
        {
            ThrowIfDead();
            card.Truncate(name, bytes);
        }

        public void Replace(string name, ReadOnlySpan<byte> bytes) => card.Replace(name, bytes);

        public void Delete(string name)
        {
            ThrowIfDead();
            card.Delete(name);
        }

        public void Dispose() => card.Dispose();

        private void ThrowIfDead()
        {
            if (BytesLeft is not null && !Mends)
                throw new IOException("Input/output error");
        }
    }
}
