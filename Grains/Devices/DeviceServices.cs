using EsoCore.Grains.Config;
using EsoCore.Grains.Events;
using EsoCore.Grains.Feed;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.Projects;
using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Devices;

/// <summary>What all device grains of a silo share: one reference in each of a million twins instead of ten.</summary>
internal sealed class DeviceServices(
    IDeviceStore store,
    BatchDecoder decoder,
    ConfigProfiles profiles,
    RetentionFloors floors,
    IInstallationSwitches switches,
    TransitionPublisher publisher,
    DeviceRuleRunner rules,
    SharedValues shared,
    CommitPressure pressure,
    IOptions<DeviceOptions> options,
    IOptions<TelemetryOptions> telemetry,
    FeedPublisher feed,
    ListeningSince listening,
    TimeProvider time)
{
    internal IDeviceStore Store { get; } = store;

    internal BatchDecoder Decoder { get; } = decoder;

    internal ConfigProfiles Profiles { get; } = profiles;

    internal RetentionFloors Floors { get; } = floors;

    internal IInstallationSwitches Switches { get; } = switches;

    internal TransitionPublisher Publisher { get; } = publisher;

    internal DeviceRuleRunner Rules { get; } = rules;

    internal SharedValues Shared { get; } = shared;

    internal CommitPressure Pressure { get; } = pressure;

    internal DeviceOptions Options { get; } = options.Value;

    internal TelemetryOptions Telemetry { get; } = telemetry.Value;


    internal FeedPublisher Feed { get; } = feed;

    /// <summary>Since when devices can be heard here, microseconds since the Unix epoch.</summary>
    internal long ListeningSinceUs { get; } = listening.Us;

    internal TimeProvider Time { get; } = time;
}
