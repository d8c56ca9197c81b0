using System.Buffers.Binary;
using EsoCore.Grains.Common;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Hears how messages fared, decides which are tried again and when, and picks those that are due. No other place retries.
/// </summary>
internal sealed class SendStage : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        foreach (var report in turn.Reports)
        {
            if (turn.State.Deliveries.TryGetValue(report.DeliveryId, out var delivery))
                turn.Set(After(turn, delivery, report.Result));
        }

        foreach (var (delivery, actor) in turn.Revived)
            Revive(turn, delivery, actor);
        Pick(turn);
    }

    /// <summary>The share of a wait that chance adds to it or takes from it.</summary>
    private const double Jitter = 0.25;

    /// <summary>
    /// When a failed message is tried next: doubling, ±25 % so that those that failed together do not come back together; never later than
    /// <see cref="NotificationOptions.MaxRetry"/>.
    /// </summary>
    /// <param name="attempts">Failures so far, at least 1.</param>
    public static TimeSpan Backoff(NotificationOptions options, Guid deliveryId, int attempts, TimeSpan? retryAfter)
    {
        var doubled = options.FirstRetry.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 30));
        // From the id and the attempt, so that the stage stays a function of what it is given.
        var hash = BinaryPrimitives.ReadUInt32BigEndian(StableId.Of(deliveryId.ToString("D"), $"{attempts}").ToByteArray(bigEndian: true));
        var longest = options.MaxRetry.TotalMilliseconds / (1 + Jitter); // Chance included it stays within the bound.
        var wait = TimeSpan.FromMilliseconds(Math.Min(doubled, longest) * (1 - Jitter + (2 * Jitter * hash / uint.MaxValue)));
        return retryAfter is { } asked && asked > wait ? TimeSpan.FromTicks(Math.Min(asked.Ticks, options.MaxRetry.Ticks)) : wait;
    }

    /// <summary>Whether a refusal of the channel is the last that this message is tried for.</summary>
    public static bool IsLastRefusal(NotificationOptions options, DeliveryState before) =>
        before.Refusals + 1 >= NotificationLimits.RefusedAttempts || before.Attempts + 1 >= options.MaxAttempts;

    private static void Revive(NotifierTurn turn, DeliveryState delivery, string actor)
    {
        if (delivery.Channel is null)
        {
            if (turn.Changed.ContainsKey(delivery.Id)) // Addressed anew in this turn.
                TellOfRevival(turn, delivery, actor);
            return;
        }

        if (!turn.State.Deliveries.ContainsKey(delivery.Id) && !turn.State.HasRoomFor(delivery))
        {
            turn.Set(Dead(turn, delivery, "too_many_waiting"));
            return;
        }

        turn.Set(delivery with
        {
            Status = DeliveryStatus.Pending, Attempts = 0, Refusals = 0, NextAt = turn.Now, SendableFrom = turn.Now,
            FinishedAt = null, Reason = null,
        });
        TellOfRevival(turn, delivery, actor);
    }

    private static void TellOfRevival(NotifierTurn turn, DeliveryState delivery, string actor) =>
        turn.Log.Add(new LogEntry(
            StableId.Of("notification.sent_again", delivery.Id.ToString("D"), $"{turn.Now.UtcTicks}"), turn.Now, actor,
            "notification.sent_again",
            delivery.Incident?.Id, delivery.Incident?.DeviceId,
            NotificationJson.Write(new { delivery = delivery.Id, recipient = delivery.Recipient, reason = delivery.Reason })));

    private static DeliveryState After(NotifierTurn turn, DeliveryState delivery, SendResult result)
    {
        var detail = Texts.Cut(result.Detail, NotificationLimits.Detail);
        var tried = delivery with
        {
            Attempts = delivery.Attempts + 1, Refusals = result.ChannelRefused ? delivery.Refusals + 1 : 0, Detail = detail,
        };
        if (result.Outcome == SendOutcome.Delivered)
            return tried with { Status = DeliveryStatus.Delivered, FinishedAt = turn.Now, NextAt = null };
        if (result.Outcome == SendOutcome.Permanent && (!result.ChannelRefused || IsLastRefusal(turn.Options, delivery)))
            return Dead(turn, tried, "refused");
        if (tried.Attempts >= turn.Options.MaxAttempts)
            return Dead(turn, tried, "too_many_attempts");
        return tried with { NextAt = turn.Now + Backoff(turn.Options, delivery.Id, tried.Attempts, result.RetryAfter) };
    }

    private static void Pick(NotifierTurn turn)
    {
        var load = turn.State.Load(turn.InFlight);
        foreach (var delivery in turn.State.Deliveries.Values.Where(d => d.NextAt <= turn.Now && !turn.InFlight.Contains(d.Id))
            .OrderByDescending(d => SeverityRank.Of(d.Severity)).ThenBy(d => d.NextAt).ToList())
        {
            if (Hopeless(turn, delivery) is { } reason)
                turn.Set(Dead(turn, delivery, reason));
            else if (load.GetValueOrDefault(delivery.Channel!) is var busy && busy < turn.Options.MaxInFlight)
            {
                load[delivery.Channel!] = busy + 1;
                turn.ToSend.Add(delivery);
            }
        }
    }

    /// <summary>Why a message is not even tried, or null.</summary>
    private static string? Hopeless(NotifierTurn turn, DeliveryState delivery)
    {
        if (delivery.SendableFrom + turn.Options.MaxAge <= turn.Now)
            return "expired";
        if (delivery.Channel == ChannelSenders.InstallationMail)
            return turn.HasInstallationMail ? null : "channel_gone";
        if (delivery.Channel is null || !turn.Book.Channels.TryGetValue(delivery.Channel, out var channel))
            return "channel_gone";
        return channel.Definition.Enabled ? null : "channel_disabled";
    }

    private static DeliveryState Dead(NotifierTurn turn, DeliveryState delivery, string reason) =>
        delivery with { Status = DeliveryStatus.Dead, Reason = reason, FinishedAt = turn.Now, NextAt = null };
}
