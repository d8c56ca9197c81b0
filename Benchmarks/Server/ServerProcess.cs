using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace EsoCore.Benchmarks.Server;

/// <summary>The real server in a process of its own, on a loopback port and a data directory that outlive it.</summary>
internal sealed class ServerProcess : IDisposable
{
    /// <summary>How long a start may take: a server may share its processors with many.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);

    private readonly string _data;
    private readonly string[] _more;
    private readonly StringBuilder _log = new();
    private readonly HeldPort _port = new();
    private Process? _process;

    /// <param name="data">Its data directory.</param>
    /// <param name="more">Further options of the command line.</param>
    internal ServerProcess(string data, params string[] more)
    {
        (_data, _more) = (data, more);
        Url = new Uri($"http://127.0.0.1:{_port.Number}");
    }

    internal Uri Url { get; }

    /// <summary>The program: this build's, unless another one is named before the next start.</summary>
    internal string Program { get; set; } = ProgramIn(AppContext.BaseDirectory);

    /// <summary>The server in the folder of a build.</summary>
    internal static string ProgramIn(string folder) => Path.Combine(folder, "EsoCore.Silo.dll");

    /// <summary>Processor time that the process has used.</summary>
    internal TimeSpan ProcessorTime
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Its largest resident set so far, bytes.</summary>
    internal long PeakMemory
    {
        get
        {
            _process!.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>What the process has written, for a failed run's message.</summary>
    internal string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts it and returns when it says that it is ready.</summary>
    internal async Task Start()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Program, "--urls", Url.ToString(), "--data", _data, .. _more])
            start.ArgumentList.Add(argument);
        start.Environment["ESOCORE__API__SEEDENABLED"] = "true";
        start.Environment["ESOCORE__API__DEVICEREQUESTSPERSECOND"] = "10000";
        start.Environment["ESOCORE__API__DEVICEBURST"] = "10000";
        start.Environment["ESOCORE__API__ADDRESSREQUESTSPERSECOND"] = "100000";
        start.Environment["ESOCORE__API__ADDRESSBURST"] = "100000";
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        _process?.Dispose();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(10) };
        var started = TimeProvider.System.GetTimestamp();
        while (!await IsReady(http))
        {
            if (TimeProvider.System.GetElapsedTime(started) > StartPatience)
                throw new InvalidOperationException($"The server did not get ready:\n{Log}");
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
        }
    }

    /// <summary>The id of the process that runs.</summary>
    internal int Id => _process!.Id;

    /// <summary>Whether it runs.</summary>
    internal bool IsRunning => _process is { HasExited: false };

    /// <summary>Further environment of the process, for its next start.</summary>
    internal Dictionary<string, string> Environment { get; } = [];

    /// <summary>Sends it a signal by its name, such as STOP.</summary>
    internal void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-s", name, $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Asks it to stop and waits until it has; its exit code.</summary>
    internal async Task<int> Stop()
    {
        Signal("TERM");
        await _process!.WaitForExitAsync();
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    /// <summary>kill -9.</summary>
    internal void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>A client that calls with HTTP Basic.</summary>
    internal static HttpClient Client(Uri server, string id, string secret)
    {
        var http = new HttpClient { BaseAddress = server };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
        return http;
    }

    public void Dispose()
    {
        if (_process is not null)
            Kill();
        _port.Dispose();
    }

    private async Task<bool> IsReady(HttpClient http)
    {
        if (_process!.HasExited)
        {
            await _process.WaitForExitAsync(); // Its last lines may still be in the pipe; this waits for their end.
            throw new InvalidOperationException($"The server ended with {_process.ExitCode}:\n{Log}");
        }

        try
        {
            using var answer = await http.GetAsync("/health/ready");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
            _log.AppendLine(line.Data);
    }
}
