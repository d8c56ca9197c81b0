using EsoCore.Devices;

namespace EsoCore.Projects;

/// <summary>A customer's project.</summary>
/// <param name="RetentionDays">Days that points, windows and events are kept, 1 to 36,500; null keeps them for ever.</param>
[GenerateSerializer, Immutable, Alias("project")]
public sealed record Project(Guid Id, string Name, DateTimeOffset CreatedAt, int? RetentionDays);

/// <summary>A key with its secret, which is shown this once and stored only as a hash.</summary>
[GenerateSerializer, Immutable, Alias("issued-key")]
public sealed record IssuedKey(Guid Id, string Secret);

/// <summary>A new project and the key to manage it.</summary>
[GenerateSerializer, Immutable, Alias("project-created")]
public sealed record ProjectCreated(Project Project, IssuedKey Key);

/// <summary>A device to register. <paramref name="Status"/> is <see cref="DeviceStatus.Active"/> unless said otherwise.</summary>
[GenerateSerializer, Immutable, Alias("new-device")]
public sealed record NewDevice(
    string Serial, string Model, string? SiteId, ImmutableSortedDictionary<string, string> Tags, DeviceStatus Status, bool SignatureRequired);

/// <summary>A registered device and its key.</summary>
[GenerateSerializer, Immutable, Alias("device-created")]
public sealed record DeviceCreated(DeviceRegistration Device, IssuedKey Key);

/// <summary>Which devices of a project are listed; null means any.</summary>
[GenerateSerializer, Immutable, Alias("device-filter")]
public sealed record DeviceFilter(string? SiteId = null, string? Model = null, DeviceStatus? Status = null);

/// <summary>The credential of a device as the front door needs it.</summary>
/// <param name="ProjectId">The device's project.</param>
/// <param name="Status">Its lifecycle when this was read; the device's grain has the last word.</param>
/// <param name="SignatureRequired">Whether a body signature is required.</param>
/// <param name="Keys">Its keys that are not revoked.</param>
[GenerateSerializer, Immutable, Alias("device-credential")]
public sealed record DeviceCredential(
    Guid DeviceId, Guid ProjectId, DeviceStatus Status, bool SignatureRequired, ImmutableArray<KeyCredential> Keys);

/// <summary>One key, of a device or of a project.</summary>
/// <param name="KeyId">The key's id.</param>
/// <param name="ProjectId">The project it opens.</param>
/// <param name="DeviceId">The device it belongs to, or null for a project key.</param>
/// <param name="SecretHash">SHA-256 of the secret's UTF-8 text: 32 bytes.</param>
/// <param name="SigningKey">The derived body-signature key, in the clear; devices' keys only.</param>
/// <param name="ExpiresAt">When it stops working, or null.</param>
[GenerateSerializer, Immutable, Alias("key-credential")]
public sealed record KeyCredential(
    Guid KeyId, Guid ProjectId, Guid? DeviceId, ReadOnlyMemory<byte> SecretHash, ReadOnlyMemory<byte> SigningKey, DateTimeOffset? ExpiresAt);
