using System.ComponentModel.DataAnnotations;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>The front door's limits and switches, configuration section <see cref="Section"/>. A value out of its range stops the start.</summary>
public sealed class ApiOptions
{
    /// <summary>Where these stand in the configuration.</summary>
    public const string Section = "EsoCore:Api";

    /// <summary>Requests a second from one address (IPv6: one /64) before the answer is 429. Default 2,000: a whole site may share an address.</summary>
    [Range(1, 1_000_000)]
    public int AddressRequestsPerSecond { get; set; } = 2_000;

    /// <summary>Requests that an address may send at once after a rest. Default 4,000.</summary>
    [Range(1, 1_000_000)]
    public int AddressBurst { get; set; } = 4_000;

    /// <summary>Calls a second of one device before the answer is 429. Default 100.</summary>
    [Range(1, 100_000)]
    public int DeviceRequestsPerSecond { get; set; } = 100;

    /// <summary>Calls that a device may send at once after a rest. Default 200.</summary>
    [Range(1, 100_000)]
    public int DeviceBurst { get; set; } = 200;

    /// <summary>Uploads of one device in flight, so that one device cannot take the whole body budget. Default 8.</summary>
    [Range(1, 1_000)]
    public int DeviceUploadsInFlight { get; set; } = 8;

    /// <summary>The largest body of a batch, in bytes as sent; above it the answer is 413. Default 8 MiB.</summary>
    [Range(64 * 1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = BatchLimits.DefaultMaxCompressedBytes;

    /// <summary>Bytes of all bodies in flight in this process; above it the answer is 503. Default 256 MiB.</summary>
    [Range(1L * 1024 * 1024, 64L * 1024 * 1024 * 1024)]
    public long BodyBudgetBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Credentials that the cache holds. Default 100,000.</summary>
    [Range(100, 10_000_000)]
    public int CredentialCacheEntries { get; set; } = 100_000;

    /// <summary>Seconds that a refused caller is told to wait where nothing better is known. Default 5.</summary>
    [Range(1, 300)]
    public int RetryAfterSeconds { get; set; } = 5;

    /// <summary>Streams (<c>GET /api/stream</c>) that a key has open in this process; above it the answer is 429. Default 16.</summary>
    [Range(1, 10_000)]
    public int StreamsPerKey { get; set; } = 16;

    /// <summary>Streams open in this process; above it the answer is 503. Default 2,000.</summary>
    [Range(1, 100_000)]
    public int Streams { get; set; } = 2_000;

    /// <summary>Whether anyone may call <c>POST /v1/seed</c>. Default off: it then exists for the operator alone.</summary>
    public bool SeedEnabled { get; set; }

    /// <summary>
    /// Maintenance mode of this process alone: device calls are answered with 503 while it is on. Default off; may be changed while the
    /// server runs. For all processes at once there is <c>PUT /api/installation</c>.
    /// </summary>
    public bool Maintenance { get; set; }
}
