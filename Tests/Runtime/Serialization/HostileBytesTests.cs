using System.Reflection;
using System.Runtime.Serialization;
using EsoCore.Runtime.Serialization;
using Xunit;

namespace EsoCore.Tests.Runtime.Serialization;

/// <summary>
/// Whatever the bytes are, reading ends soon, in a value or a <see cref="SerializationException"/>, and in bounded memory.
/// </summary>
public sealed class HostileBytesTests
{
    private const int Rounds = 400;

    /// <summary>Bytes that reading may allocate for each byte of input, the text of an exception included.</summary>
    private const int MaxFactor = 400;

    private const int MaxFixed = 64 * 1024;

    private static readonly MethodInfo s_try =
        typeof(HostileBytesTests).GetMethod(nameof(Try), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo s_write = typeof(MessageBytes).GetMethod(nameof(MessageBytes.Write))!;

    public static TheoryData<string> Messages => RoundTripTests.Messages;

    [Theory]
    [MemberData(nameof(Messages))]
    public void Damaged_messages_are_refused_or_read(string name)
    {
        Type type = RandomMessages.Types.Single(type => type.ToString() == name);
        var read = s_try.MakeGenericMethod(type).CreateDelegate<Func<byte[], bool>>();
        var random = new Random(1);
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = (byte[])s_write.MakeGenericMethod(type).Invoke(null, [new RandomMessages(round).Make(type)])!;
            Damage(bytes, random);
            read(round % 4 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
        }
    }

    [Fact]
    public void Noise_is_refused_or_read()
    {
        var random = new Random(2);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Try<object>(bytes);
            Try<Dictionary<string, List<Shape>>>(bytes);
            Try<Exception>(bytes);
        }
    }

    [Fact]
    public void Lists_that_claim_to_be_long_cost_no_more_than_they_hold()
    {
        MessageWriter writer = MessageWriter.Start();
        writer.BeginGroup(0);
        for (int i = 0; i < 50_000; i++)
        {
            writer.BeginGroup(1);
            writer.WriteVarint(0, 50_000);
            writer.EndGroup();
        }

        writer.EndGroup();
        writer.EndGroup();
        byte[] bytes = writer.Written.ToArray();
        writer.Dispose();
        Try<List<List<long>>>(bytes);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        byte[] bytes = new byte[100_000];
        Array.Fill(bytes, (byte)WireType.Group);
        Assert.False(Try<Older>(bytes));
        Assert.False(Try<object>(bytes));
    }

    private static void Damage(byte[] bytes, Random random)
    {
        for (int i = random.Next(1, 6); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
    }

    private static bool Try<T>(byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool read = true;
        try
        {
            MessageBytes.Read<T>(bytes);
        }
        catch (SerializationException)
        {
            read = false;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= MaxFixed + MaxFactor * (long)bytes.Length, $"{bytes.Length} bytes made reading allocate {allocated}.");
        return read;
    }
}
