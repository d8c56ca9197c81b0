using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>What one step of an uploader came to.</summary>
public enum UploadStep
{
    /// <summary>A batch was taken; there may be more.</summary>
    Sent,

    /// <summary>The server has everything.</summary>
    Idle,

    /// <summary>An attempt has to wait, see <see cref="RetryPolicy.Remaining"/>.</summary>
    Waiting,

    /// <summary>An attempt failed or was refused; what follows from it has been arranged.</summary>
    Failed,
}

/// <summary>Empties a card into a server by the rules: one batch at a time, the same bytes until answered, waiting as the policy says.</summary>
/// <param name="buffer">The card.</param>
/// <param name="client">The device's calls.</param>
/// <param name="retry">When to try.</param>
/// <param name="coding">How batches are compressed; falls back to gzip and then to none where the server does not take it.</param>
public sealed class BatchUploader(SdCardBuffer buffer, DeviceClient client, RetryPolicy retry, ContentCoding coding)
{
    /// <summary>Batches sent in one <see cref="DrainAsync"/>, so that a caller gets to record in between even behind a month of backlog.</summary>
    public const int MaxBatchesPerDrain = 64;

    /// <summary>How often records are cut anew after a final refusal before they are passed over.</summary>
    private const int MaxRefusals = 2;

    private int _maxRecords = BatchLimits.MaxRecordsPerDeviceBatch;
    private int _refusals;

    /// <summary>How batches are compressed now.</summary>
    public ContentCoding Coding { get; private set; } = coding;

    /// <summary>When to try.</summary>
    public RetryPolicy Retry => retry;

    /// <summary>Is told of each attempt, with how it went; for counting and logging.</summary>
    public Action<StoredBatch, UploadResult>? Attempted { get; set; }

    /// <summary>Makes one attempt if there is a batch and the policy lets it through.</summary>
    public async Task<UploadStep> StepAsync(CancellationToken cancellation)
    {
        if (!retry.MayTry)
            return UploadStep.Waiting;
        if (buffer.TakeBatch(Coding, _maxRecords) is not { } batch)
            return UploadStep.Idle;
        var result = await client.UploadAsync(batch, cancellation);
        Attempted?.Invoke(batch, result);
        if (result.IsTaken)
        {
            buffer.Acknowledge(batch);
            retry.OnSuccess(result.Backoff);
            _refusals = 0;
            _maxRecords = Math.Min(_maxRecords * 2, BatchLimits.MaxRecordsPerDeviceBatch);
            return UploadStep.Sent;
        }

        React(batch, result);
        return UploadStep.Failed;
    }

    /// <summary>Sends batches until the card is empty, an attempt fails, the server asks to wait, or <see cref="MaxBatchesPerDrain"/> are sent.</summary>
    /// <returns>The last step.</returns>
    public async Task<UploadStep> DrainAsync(CancellationToken cancellation)
    {
        var step = UploadStep.Idle;
        for (var i = 0; i < MaxBatchesPerDrain; i++)
        {
            step = await StepAsync(cancellation);
            if (step != UploadStep.Sent)
                break;
        }

        return step;
    }

    private void React(StoredBatch batch, UploadResult result)
    {
        retry.OnFailure(result.Backoff);
        switch (result.Outcome)
        {
            case UploadOutcome.ClockSkew:
                client.DistrustOwnClock();
                break;
            case UploadOutcome.UnsupportedEncoding when batch.Coding != ContentCoding.Identity:
                Coding = batch.Coding == ContentCoding.Gzip ? ContentCoding.Identity : ContentCoding.Gzip;
                buffer.Recut(batch);
                break;
            case UploadOutcome.TooLarge when batch.Records > 1:
                _maxRecords = Math.Max(1, batch.Records / 2);
                buffer.Recut(batch);
                break;
            case UploadOutcome.TooLarge when result.Code != ProblemCodes.TooLarge:
                break; // A proxy's limit on a single record: a setting that can be mended, so the record waits.
            case UploadOutcome.Conflict or UploadOutcome.Refused or UploadOutcome.TooLarge or UploadOutcome.UnsupportedEncoding:
                if (++_refusals < MaxRefusals)
                {
                    buffer.Recut(batch);
                    break;
                }

                // The server will never take these records as they are; all that follows must not wait for ever behind them.
                buffer.PassOver(batch);
                _refusals = 0;
                break;
            default:
                break; // The batch may be stored, or may be taken later: the same bytes go again under the same key.
        }
    }
}
