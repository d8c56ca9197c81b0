namespace EsoCore.Grains.Devices;

/// <summary>Which correction a batch gets: fixed by the first batch of an epoch, so that a record sent again stays the same record.</summary>
internal static class ClockCorrection
{
    /// <summary>Epochs that a twin keeps; the oldest goes first.</summary>
    internal const int MaxEpochs = 16;

    /// <summary>Without a token, a correction this near to the measured skew is taken as the same.</summary>
    internal const long SameSkewUs = 120_000_000;

    /// <param name="epochs">Those in the twin.</param>
    /// <param name="token">The device's token, or null.</param>
    /// <param name="skewUs">Server time minus device time; null when the device told no time.</param>
    /// <returns>The correction and the epochs afterwards; null when the epoch is new and the device told no time.</returns>
    internal static (long CorrectionUs, ImmutableArray<ClockEpoch> Epochs)? Resolve(
        ImmutableArray<ClockEpoch> epochs, string? token, long? skewUs)
    {
        foreach (var epoch in epochs)
        {
            var same = token is null
                ? epoch.Token is null && skewUs is { } skew && Math.Abs(epoch.CorrectionUs - skew) <= SameSkewUs
                : epoch.Token == token;
            if (same)
                return (epoch.CorrectionUs, epochs);
        }

        if (skewUs is not { } measured)
            return null;
        var kept = epochs.Length < MaxEpochs ? epochs : epochs.RemoveAt(0);
        return (measured, kept.Add(new ClockEpoch(token, measured)));
    }
}
