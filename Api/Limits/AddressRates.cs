using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>The first limit that a request meets: so many a second from one address, before anything else is looked at.</summary>
internal static class AddressRates
{
    /// <summary>Probes and scrapes at once from one address.</summary>
    private const int OperationsBurst = 100;

    /// <summary>Probes and scrapes a second from one address.</summary>
    private const int OperationsPerSecond = 50;

    public static void Configure(RateLimiterOptions limiter, ApiOptions options)
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, (string Address, bool Operations)>(http =>
        {
            var address = PartitionOf(http.Connection.RemoteIpAddress);
            return IsOperations(http)
                ? RateLimitPartition.GetTokenBucketLimiter((address, true), _ => Bucket(OperationsBurst, OperationsPerSecond))
                : RateLimitPartition.GetTokenBucketLimiter((address, false), _ => Bucket(options.AddressBurst, options.AddressRequestsPerSecond));
        });
        limiter.OnRejected = async (rejected, _) =>
        {
            var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var told) ? told : TimeSpan.FromSeconds(1);
            await Problems.RateLimited(wait).ExecuteAsync(rejected.HttpContext);
        };
    }

    /// <summary>An IPv4 address, or the /64 of an IPv6 one: a household or machine owns a /64 and could use a new address for each request.</summary>
    public static string PartitionOf(IPAddress? address)
    {
        if (address is null)
            return "unknown";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return Convert.ToHexStringLower(bytes[..8]);
    }

    internal static TokenBucketRateLimiterOptions Bucket(int burst, int perSecond) => new()
    {
        TokenLimit = burst,
        // Smoothly where tenths come out even; else what is set would be rounded.
        TokensPerPeriod = perSecond % 10 == 0 ? perSecond / 10 : perSecond,
        ReplenishmentPeriod = perSecond % 10 == 0 ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(1),
        QueueLimit = 0,
        AutoReplenishment = true,
    };

    // Probes and scrapes have a bucket of their own: they must get through when a flood is what they are there to show.
    private static bool IsOperations(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/health") || http.Request.Path.StartsWithSegments("/metrics")
        || http.Request.Path.StartsWithSegments("/openapi");
}
