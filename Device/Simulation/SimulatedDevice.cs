namespace EsoCore.Device;

/// <summary>One device of a fleet: a machine, a card in memory, and the uploading by the rules.</summary>
internal sealed class SimulatedDevice : IDisposable
{
    private readonly FleetOptions _options;
    private readonly FleetDevice _device;
    private readonly FleetStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly SdCardBuffer _buffer;
    private readonly DeviceClient _client;
    private readonly BatchUploader _uploader;
    private readonly MachineSimulator _machine;
    private readonly TimeSpan _firstUpload;
    private readonly long _started;
    private long _heartbeatAt;
    private long? _configVersion;
    private long? _serverConfigVersion;
    private bool _greeted;
    private OpenCycle? _settled;

    public SimulatedDevice(FleetOptions options, int index, HttpClient http, FleetStatistics statistics, TimeProvider time)
    {
        (_options, _device, _statistics, _time) = (options, options.Devices[index], statistics, time);
        var seed = unchecked(options.Seed * 1_000_003 + index);
        var random = new Random(seed);
        _buffer = new SdCardBuffer(new MemoryCardStore(), new SdCardOptions { MaxBytes = options.BufferBytes });
        _client = new DeviceClient(http, _device.Credentials, new DeviceClientOptions { Server = options.Server, Proof = options.Proof }, time);
        _uploader = new BatchUploader(_buffer, _client, new RetryPolicy(time, random, options.Retry), options.Coding)
        {
            Attempted = (batch, result) =>
            {
                statistics.AddAttempt(_device.Credentials, batch, result);
                _serverConfigVersion = result.ConfigVersion ?? _serverConfigVersion;
            },
        };
        _machine = new MachineSimulator(new MachineOptions
        {
            Kind = _device.Kind,
            DeviceId = _device.Credentials.DeviceId,
            SiteId = _device.SiteId,
            AssetId = _device.AssetId,
            Seed = seed,
            Start = time.GetUtcNow(),
            LeftOpen = _device.LeftOpen,
            PointsPerSecond = options.PointsPerSecond,
        });
        _settled = _device.LeftOpen;
        _firstUpload = options.Interval * random.NextDouble();
        _started = time.GetTimestamp();
    }

    /// <summary>Records and uploads until told to stop.</summary>
    /// <param name="stop">Ends the loop after the upload under way.</param>
    /// <param name="abort">Ends the upload under way too.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            await Task.Delay(_firstUpload, _time, stop);
            while (true)
            {
                await TurnAsync(abort);
                await Task.Delay(_options.Interval, _time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Records up to now and sends what is left, waiting between attempts as ever; ends when all is sent or on <paramref name="abort"/>.</summary>
    public async Task FinishAsync(CancellationToken abort)
    {
        try
        {
            Record();
            // A delay counts whole milliseconds: without one more, the rest of the last would be waited for in a tight loop.
            while (await _uploader.DrainAsync(abort) != UploadStep.Idle)
                await Task.Delay(_uploader.Retry.Remaining + TimeSpan.FromMilliseconds(1), _time, abort);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
        }
    }

    public void Dispose() => _buffer.Dispose();

    private async Task TurnAsync(CancellationToken cancellation)
    {
        Record();
        if (!_machine.IsConnected)
            return;
        if (await _uploader.DrainAsync(cancellation) == UploadStep.Idle && _settled != _machine.OpenCycle)
        {
            _settled = _machine.OpenCycle;
            _options.CycleSettled?.Invoke(_device, _settled);
        }

        // What follows is of use only while the server answers, and none of it may keep records from being sent.
        if (_uploader.Retry.FailuresInARow > 0)
            return;
        try
        {
            await AttendAsync(cancellation);
        }
        catch (DeviceCallException e)
        {
            _statistics.AddProblem(_device.Credentials, e);
        }
    }

    private void Record()
    {
        long records = 0;
        _machine.AdvanceTo(_time.GetUtcNow(), (record, priority) =>
        {
            _buffer.Append(record, priority);
            records++;
        });
        _statistics.AddRecorded(records);
    }

    private async Task AttendAsync(CancellationToken cancellation)
    {
        if (!_greeted)
        {
            if ((await _client.HandshakeAsync(cancellation)).Cursors is { } cursors)
                _buffer.AdvanceTo(cursors);
            _greeted = true;
        }

        if (_configVersion is null || _serverConfigVersion > _configVersion)
        {
            if (await _client.GetConfigAsync(cancellation) is { } config)
                (_configVersion, _machine.SamplingScale) = (config.Version, config.SamplingScale);
            _serverConfigVersion = _configVersion; // An unchanged document is not asked for again at every turn.
        }

        if (_heartbeatAt != 0 && _time.GetElapsedTime(_heartbeatAt) < _options.HeartbeatInterval)
            return;
        _heartbeatAt = _time.GetTimestamp();
        var answer = await _client.HeartbeatAsync(Heartbeat(), cancellation);
        _serverConfigVersion = answer.ConfigVersion;
        if (answer.OtaAvailable)
            await _client.CheckFirmwareAsync(_options.FirmwareVersion, cancellation);
    }

    private Heartbeat Heartbeat()
    {
        var card = _buffer.Status;
        return new Heartbeat
        {
            Status = "ok",
            FirmwareVersion = _options.FirmwareVersion,
            UptimeSeconds = (long)_time.GetElapsedTime(_started).TotalSeconds,
            ConfigVersion = _configVersion,
            Sd = new HeartbeatCard(card.UsedBytes, card.TotalBytes, card.CorruptRecords, 100),
            Backlog = new HeartbeatBacklog(card.BacklogRecords, card.BacklogBytes, _buffer.OldestUnsentTimestamp),
        };
    }
}
