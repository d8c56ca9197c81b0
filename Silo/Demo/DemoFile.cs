using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Device;

namespace EsoCore.Silo.Demo;

/// <summary>A simulated device of the demo, with what it needs to upload.</summary>
internal sealed record DemoDevice(Guid DeviceId, Guid KeyId, string Secret, string Serial, string Machine, string SiteId, string AssetId);

/// <summary>What the demo made, kept so that the next start goes on with it: <c>demo.json</c>, and <c>demo.env</c> to be sourced by a shell.</summary>
internal sealed record DemoState(Guid ProjectId, Guid ProjectKeyId, string ProjectKeySecret, List<DemoDevice> Devices);

/// <summary>Reads and writes the demo's files in the data directory, readable by their owner alone.</summary>
internal sealed class DemoFile(string directory)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The file that a shell can source.</summary>
    public string EnvPath { get; } = Path.Combine(directory, "demo.env");

    // Beside the keys, not among them: this one is written all the time.
    private string CyclesPath { get; } = Path.Combine(directory, "demo-cycles.json");

    private readonly Lock _turn = new();
    private Dictionary<Guid, OpenCycle>? _cycles;

    private string JsonPath { get; } = Path.Combine(directory, "demo.json");

    /// <summary>What was made before, or null at the first start (or when the file is damaged: the demo then begins anew).</summary>
    public DemoState? Read()
    {
        try
        {
            return File.Exists(JsonPath) ? JsonSerializer.Deserialize<DemoState>(File.ReadAllText(JsonPath), Json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(DemoState state, string url)
    {
        WriteAside(JsonPath, JsonSerializer.Serialize(state, Json) + "\n");
        if (state.Devices.Count == 0)
            return;
        var device = state.Devices[0];
        WriteAside(EnvPath, $"""
            # Made by --demo; source it: . {EnvPath}
            ESOCORE_URL={url}
            PROJECT_KEY={state.ProjectKeyId:D}:{state.ProjectKeySecret}
            DEVICE_ID={device.DeviceId:D}
            DEVICE_SECRET={device.Secret}
            DEVICE_KEY={device.KeyId:D}:{device.Secret}
            SITE_ID={device.SiteId}
            ASSET_ID={device.AssetId}

            """);
    }

    /// <summary>The cycle that a device's machine had open when the last run ended, or null.</summary>
    public OpenCycle? OpenCycle(Guid deviceId)
    {
        lock (_turn)
            return Cycles().GetValueOrDefault(deviceId);
    }

    /// <summary>Keeps which cycle a device's machine has open.</summary>
    public void KeepOpenCycle(Guid deviceId, OpenCycle? cycle)
    {
        lock (_turn)
        {
            if (cycle is null)
                Cycles().Remove(deviceId);
            else
                Cycles()[deviceId] = cycle;
            WriteAside(CyclesPath, JsonSerializer.Serialize(_cycles, Json) + "\n");
        }
    }

    private Dictionary<Guid, OpenCycle> Cycles()
    {
        try
        {
            if (_cycles is null && File.Exists(CyclesPath))
                _cycles = JsonSerializer.Deserialize<Dictionary<Guid, OpenCycle>>(File.ReadAllText(CyclesPath), Json);
        }
        catch (JsonException)
        {
            // A damaged file: those few cycles stay open.
        }

        return _cycles ??= [];
    }

    private static void WriteAside(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path + ".new");
        using (var writer = new StreamWriter(path + ".new", options))
            writer.Write(text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
