namespace EsoCore.Api;

/// <summary>Examples of bodies and answers, as they stand in the OpenAPI document. A test holds each to its schema.</summary>
internal static class ApiExamples
{
    public const string Batch = """
        [{"ts":"2026-11-21T14:30:22.123Z","series":"temp_ambient","val":23.5,"unit":"°C","meta":{"sensor_id":"SHT40_01"}},
         {"timestamp":"2026-11-21T14:30:22.623Z","metric":"torque","value":28.4,"unit":"Nm","asset_id":"DOOR_1"}]
        """;

    public const string Envelope = """
        {"batch_id":"0d0e2f0b-8c55-4a4e-9c0e-3f5b9c1f7a10","sent_at":"2026-11-21T14:31:00Z",
         "records":[{"ts":"2026-11-21T14:30:22.123Z","series":"temp_ambient","val":23.5,"unit":"°C"}]}
        """;

    public const string Event = """
        [{"ts":"2026-11-21T14:30:23Z","series":"power_outage","val":null,"unit":null,
          "meta":{"event_type":"power","severity":"critical","description":"Mains power is gone","main_voltage":0.0}}]
        """;

    public const string Windows = """
        [{"ts":"2026-11-21T14:30:24Z","series":"vibration","window_s":4,"stats":{"rms":0.8,"max":2.1,"std":0.4,
         "bandpower":{"10-100":0.3}},"samples":8000},
         {"ts":"2026-11-21T14:30:28Z","series":"vibration","window_s":4,"rate_hz":2,"encoding":"i16le","scale":0.001,
          "raw":"AQACAAMABAAFAAYABwAIAA=="}]
        """;

    public const string Cycle = """
        [{"ts":"2026-11-21T14:30:22.200Z","series":"cycle_open","val":null,"unit":null,"asset_id":"DOOR_1","meta":{"cycle_id":"c1"}},
         {"ts":"2026-11-21T14:30:30.400Z","series":"cycle_close","val":null,"unit":null,"asset_id":"DOOR_1",
          "meta":{"cycle_id":"c1","duration_ms":8200,"peak_torque_nm":31}}]
        """;

    public const string BatchAnswer = """
        {"accepted":1250,"duplicates":3,"rejected":1,"next_hint":"backoff_ms: 0","cursor":"LOG_0042:8192","config_version":7,
         "errors":[{"index":17,"code":"bad_timestamp","detail":"The record has no timestamp, or one that cannot be."}]}
        """;

    public const string Handshake = """
        {"nonce":"AQAAAZqn0m4AK0s1c2V4YW1wbGUgbm9uY2UgZm9yIHRoZSBkb2M","server_time":"2026-11-21T14:31:00.000Z","version":"1.0.0",
         "cursors":{"LOG_0042":8192}}
        """;

    public const string Config = """
        {"config_version":7,"sampling_rates":{"temp_ambient":0.2},"window_sizes":{"vibration":4},
         "thresholds":{"over_torque_nm":35},"ntp_servers":[],
         "endpoints":{},"upload_interval_s":60,"led":true}
        """;

    public const string OtaCheck = """{"available":false,"current_version":"1.4.2"}""";

    public const string OtaReport = """{"status":"completed","version":"1.5.0","slot":"B"}""";

    public const string Heartbeat = """
        {"status":"ok","firmware_version":"1.4.2","uptime_s":86400,"config_version":7,"config_error":null,
         "sd":{"used_bytes":1048576,"total_bytes":32000000000,"errors":0,"health_percent":99.5},
         "backlog":{"records":120,"bytes":36000,"oldest_ts":"2026-11-21T14:20:00Z"}}
        """;

    public const string HeartbeatAnswer = """{"server_time":"2026-11-21T14:31:00.000Z","config_version":7,"ota_available":false}""";

    public const string Twin = """
        {"device_id":"6f1c0e0a-4a0e-4f0e-9d0a-2b7c1d9e8f00","project_id":"1c2d3e4f-0000-4000-8000-000000000001","serial":"SN-1",
         "model":"SD 400",
         "site_id":"WAREHOUSE_A","tags":{"line":"3"},"status":"active","online":true,"first_seen":"2026-11-01T08:00:00.000Z",
         "last_seen":"2026-11-21T14:31:00.000Z","last_batch_at":"2026-11-21T14:31:00.000Z","firmware_version":"1.4.2","channel":"stable",
         "config":{"desired_version":7,"reported_version":7,"error":null},"cursors":{"LOG_0042":8192},
         "sd":{"used_bytes":1048576,"total_bytes":32000000000,"errors":0,"health_percent":99.5},
         "backlog":{"records":0,"bytes":0,"oldest_ts":null},
         "series":[{"metric":"temp_ambient","unit":"°C","asset_id":null,"meta":{"sensor_id":"SHT40_01"},
          "last_ts":"2026-11-21T14:30:22.123Z",
           "last_value":23.5,"points":4711}],
         "counters":{"batches":210,"accepted":4921,"duplicates":12,"rejected":1},"twin_version":233}
        """;

    public const string Points = """
        {"points":[{"ts":"2026-11-21T14:30:22.123Z","device_id":"6f1c0e0a-4a0e-4f0e-9d0a-2b7c1d9e8f00","metric":"temp_ambient",
         "value":23.5,"unit":"°C",
          "asset_id":null,"meta":{"sensor_id":"SHT40_01"}}]}
        """;

    public const string Events = """
        {"events":[{"id":"b2f7c1d0-5a52-4a61-9a63-0c1f4f5f6a7b","ts":"2026-11-21T14:30:23.000Z",
         "device_id":"6f1c0e0a-4a0e-4f0e-9d0a-2b7c1d9e8f00",
          "event_type":"power_outage","category":"power","severity":"critical","description":"Mains power is gone",
           "duration_ms":null,"asset_id":null,
          "meta":{"main_voltage":0.0},"resolved_at":null}]}
        """;

    public const string WindowList = """
        {"windows":[{"ts":"2026-11-21T14:30:24.000Z","metric":"vibration","window_s":4,"stats":{"rms":0.8,"max":2.1},
         "samples":8000,"asset_id":null,"meta":{}}]}
        """;

    public const string Rejected = """
        {"rejected":[{"batch_id":"0d0e2f0b-8c55-4a4e-9c0e-3f5b9c1f7a10","index":17,"code":"bad_timestamp",
         "detail":"The record has no timestamp, or one that cannot be.",
          "record":"{\"series\":\"lost\",\"val\":1}","received_at":"2026-11-21T14:31:00.000Z"}]}
        """;

    public const string Problem = """
        {"type":"about:blank","title":"Bad Request","status":400,"code":"bad_request",
         "detail":"limit: must be a whole number from 1 to 10000",
         "errors":[{"field":"limit","message":"must be a whole number from 1 to 10000"}]}
        """;

    /// <summary>The first records of <see cref="Batch"/>, one a line.</summary>
    public const string NdJson = """
        {"ts":"2026-11-21T14:30:22.123Z","series":"temp_ambient","val":23.5,"unit":"°C"}
        {"ts":"2026-11-21T14:30:22.623Z","series":"torque","val":28.4,"unit":"Nm","asset_id":"DOOR_1"}

        """;
}
