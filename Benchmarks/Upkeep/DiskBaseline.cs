using System.Diagnostics;

namespace EsoCore.Benchmarks.Upkeep;

/// <summary>What the disk alone takes meanwhile: a page written beside the data file and flushed, again and again, by a thread.</summary>
internal sealed class DiskBaseline : IDisposable
{
    private const int PageBytes = 4_096;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly FileStream _file;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stop = new();

    internal DiskBaseline(string directory)
    {
        var path = Path.Combine(directory, "baseline.bin");
        _file = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>To be read when the thread has ended, by <see cref="Dispose"/>.</summary>
    internal Durations Flushes { get; } = new();

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _file.Dispose();
    }

    private void Run()
    {
        var page = new byte[PageBytes];
        while (!_stop.Wait(Pause))
        {
            var start = Stopwatch.GetTimestamp();
            _file.Write(page);
            _file.Flush(flushToDisk: true);
            Flushes.Add(Stopwatch.GetElapsedTime(start));
        }
    }
}
