using System.Globalization;
using System.Text.Json;

namespace EsoCore.Benchmarks.Anomalies;

/// <summary>Reads a corpus: folders of <c>timestamp,value</c> files and <c>windows.json</c> with the labelled windows of each.</summary>
internal static class Corpus
{
    /// <summary>Name of the file with the labels.</summary>
    public const string LabelFile = "windows.json";

    /// <summary>All series that are labelled, in the order of their names.</summary>
    public static IReadOnlyList<CorpusSeries> Read(string folder)
    {
        using var labels = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, LabelFile)));
        return [.. labels.RootElement.EnumerateObject().Where(p => File.Exists(Path.Combine(folder, p.Name)))
            .OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => Series(folder, p))];
    }

    private static CorpusSeries Series(string folder, JsonProperty labels)
    {
        var rows = File.ReadLines(Path.Combine(folder, labels.Name)).Skip(1).Where(l => l.Length > 0).Select(l => l.Split(',')).ToList();
        var times = rows.Select(r => Time(r[0])).ToArray();
        var values = rows.Select(r => double.Parse(r[1], CultureInfo.InvariantCulture)).ToArray();
        var windows = labels.Value.EnumerateArray()
            .Select(w => new LabelWindow(Array.IndexOf(times, Time(w[0].GetString()!)), Array.LastIndexOf(times, Time(w[1].GetString()!))))
            .OrderBy(w => w.First).ToArray();
        if (windows.Any(w => w.First < 0 || w.Last < w.First))
            throw new InvalidDataException($"{labels.Name}: a window does not begin and end at points of the series.");
        return new CorpusSeries(labels.Name, labels.Name.Split('/')[0], times, values, windows);
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
