namespace EsoCore.Benchmarks;

/// <summary>A benchmark that can be named on the command line.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it measures, in a line.</param>
/// <param name="RunAsync">Runs it with the remaining arguments and returns the exit code.</param>
internal sealed record Benchmark(string Name, string Summary, Func<string[], Task<int>> RunAsync);
