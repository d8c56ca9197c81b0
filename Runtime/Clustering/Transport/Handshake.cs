using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Security.Cryptography;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime.Clustering;

/// <summary>What one side says of itself first. Addresses are text; a client's is empty.</summary>
[GenerateSerializer, Alias("cluster-hello")]
internal sealed record Hello(
    ulong Magic, int LowestFormat, int HighestFormat, string ClusterId, string Self, string Target, Guid Session, bool Large, byte[] Nonce);

/// <summary>
/// The answer: the format chosen, and the proof that the answering side knows the secret; while the secret is replaced, of both.
/// </summary>
[GenerateSerializer, Alias("cluster-challenge")]
internal sealed record Challenge(int Format, byte[] Nonce, byte[] Proof, string? Refusal, byte[]? OtherProof = null);

/// <summary>The proof of the side that began.</summary>
[GenerateSerializer, Alias("cluster-proof")]
internal sealed record Proof(byte[] Value);

/// <summary>The end: null if it was taken, else why not.</summary>
[GenerateSerializer, Alias("cluster-verdict")]
internal sealed record Verdict(string? Refusal);

/// <summary>
/// The first exchange on a connection: who is there, which format both speak, and by HMAC over both sides' random numbers that each knows
/// the cluster's secret. While that is replaced a process may know two: who answers proves each that it knows, and who began answers by
/// the first of them that it knows too. Nothing else is read from a stranger, and no more than <see cref="MaxBytes"/> a message.
/// </summary>
internal sealed class Handshake(
    string clusterId, ReadOnlyMemory<byte> secret, ReadOnlyMemory<byte> otherSecret, int lowestFormat, int highestFormat)
{
    internal const int MaxBytes = 1_024;
    private const ulong Magic = 0x31_45_52_4F_43_4F_53_45; // "ESOCORE1", low byte first.
    private const int NonceBytes = 32;

    /// <summary>Begins, as the side that connected; returns the format chosen.</summary>
    /// <exception cref="LinkException">The other side refuses, or does not know the secret.</exception>
    public async Task<int> BeginAsync(Stream stream, string self, string target, Guid session, bool large, CancellationToken cancel)
    {
        var hello = new Hello(
            Magic, lowestFormat, highestFormat, clusterId, self, target, session, large, RandomNumberGenerator.GetBytes(NonceBytes));
        byte[] first = MessageBytes.Write(hello);
        await SendAsync(stream, first, cancel).ConfigureAwait(false);
        Challenge challenge = await ReceiveAsync<Challenge>(stream, cancel).ConfigureAwait(false);
        if (challenge.Refusal is { } refusal) throw new LinkException($"{target} refused: {refusal}", isRefused: true);
        bool isSound = challenge is { Nonce.Length: NonceBytes, Proof: not null };
        if (!isSound || challenge.Format < lowestFormat || challenge.Format > highestFormat)
            throw new LinkException($"{target} answered with something else than a challenge.", isRefused: true);
        ReadOnlyMemory<byte>? shared = Shared("server", first, challenge, challenge.Proof)
            ?? Shared("server", first, challenge, challenge.OtherProof);
        if (shared is not { } known) throw new LinkException($"{target} does not know the secret of this cluster.", isRefused: true);
        await SendAsync(stream, MessageBytes.Write(new Proof(Sign("client", first, challenge, known))), cancel).ConfigureAwait(false);
        Verdict verdict = await ReceiveAsync<Verdict>(stream, cancel).ConfigureAwait(false);
        if (verdict.Refusal is { } reason) throw new LinkException($"{target} refused: {reason}", isRefused: true);
        return challenge.Format;
    }

    /// <summary>Answers, as the side that was connected to, up to the verdict, which the caller sends.</summary>
    /// <exception cref="LinkException">A stranger; it has been told so.</exception>
    public async Task<Hello> AnswerAsync(Stream stream, string self, CancellationToken cancel)
    {
        byte[] first = await ReceiveBytesAsync(stream, cancel).ConfigureAwait(false);
        Hello hello = MessageBytes.Read<Hello>(first);
        if (Fault(hello, self) is { } fault)
        {
            await SendAsync(stream, MessageBytes.Write(new Challenge(0, [], [], fault)), cancel).ConfigureAwait(false);
            throw new LinkException($"Refused a connection: {fault}", isRefused: true);
        }

        var challenge = new Challenge(
            Math.Min(highestFormat, hello.HighestFormat), RandomNumberGenerator.GetBytes(NonceBytes), [], null);
        challenge = challenge with
        {
            Proof = Sign("server", first, challenge, secret),
            OtherProof = otherSecret.IsEmpty ? null : Sign("server", first, challenge, otherSecret),
        };
        await SendAsync(stream, MessageBytes.Write(challenge), cancel).ConfigureAwait(false);
        Proof proof = await ReceiveAsync<Proof>(stream, cancel).ConfigureAwait(false);
        if (Shared("client", first, challenge, proof.Value) is not null) return hello;
        await SendVerdictAsync(stream, "the proof is wrong", cancel).ConfigureAwait(false);
        throw new LinkException("Refused a connection: it does not know the secret of this cluster.", isRefused: true);
    }

    public static Task SendVerdictAsync(Stream stream, string? refusal, CancellationToken cancel) =>
        SendAsync(stream, MessageBytes.Write(new Verdict(refusal)), cancel);

    private string? Fault(Hello hello, string self)
    {
        if (hello is not { Magic: Magic, Nonce.Length: NonceBytes }) return "this is no member of a cluster of ours";
        if (hello.ClusterId != clusterId) return "this is another cluster";
        if (hello.Target != self) return "the silo that is meant is not here";
        if (hello.LowestFormat > highestFormat || hello.HighestFormat < lowestFormat) return "there is no format that both speak";
        return hello.Self is null ? "no address" : null;
    }

    /// <summary>The secret known here that a proof was made with, or null.</summary>
    private ReadOnlyMemory<byte>? Shared(string side, byte[] hello, Challenge challenge, byte[]? proof)
    {
        foreach (ReadOnlyMemory<byte> known in new[] { secret, otherSecret })
        {
            if (!known.IsEmpty && CryptographicOperations.FixedTimeEquals(Sign(side, hello, challenge, known), proof ?? [])) return known;
        }

        return null;
    }

    /// <summary>Over the words of both sides, and who signs, so that no proof can be sent back as the other's.</summary>
    private static byte[] Sign(string side, byte[] hello, Challenge challenge, ReadOnlyMemory<byte> by)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, by.Span);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"esocore cluster {side}\n{challenge.Format}\n{hello.Length}\n"));
        hash.AppendData(hello);
        hash.AppendData(challenge.Nonce);
        return hash.GetHashAndReset();
    }

    private static async Task SendAsync(Stream stream, byte[] message, CancellationToken cancel)
    {
        byte[] framed = new byte[sizeof(ushort) + message.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(framed, checked((ushort)message.Length));
        message.CopyTo(framed, sizeof(ushort));
        await stream.WriteAsync(framed, cancel).ConfigureAwait(false);
        await stream.FlushAsync(cancel).ConfigureAwait(false);
    }

    private static async Task<T> ReceiveAsync<T>(Stream stream, CancellationToken cancel) =>
        MessageBytes.Read<T>(await ReceiveBytesAsync(stream, cancel).ConfigureAwait(false))
        ?? throw new SerializationException("A message of the handshake is missing.");

    private static async Task<byte[]> ReceiveBytesAsync(Stream stream, CancellationToken cancel)
    {
        byte[] header = new byte[sizeof(ushort)];
        await stream.ReadExactlyAsync(header, cancel).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(header);
        if (length is 0 or > MaxBytes) throw new LinkException($"A handshake of {length} bytes came; the most is {MaxBytes}.");
        byte[] message = new byte[length];
        await stream.ReadExactlyAsync(message, cancel).ConfigureAwait(false);
        return message;
    }
}
