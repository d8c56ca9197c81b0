using EsoCore.Benchmarks;
using EsoCore.Benchmarks.Engine;

// One line per benchmark: dotnet run -c Release --project Benchmarks -- <name> [options]
Benchmark[] benchmarks =
[
    new("engine", "calls, waits and idle memory of the built-in engine [--seconds n] [--date d] [--no-file]", EngineBenchmark.RunAsync),
];

Benchmark? chosen = benchmarks.FirstOrDefault(benchmark => args is [var name, ..] && name == benchmark.Name);
if (chosen is not null) return await chosen.RunAsync(args[1..]);
Console.WriteLine("usage: dotnet run -c Release --project Benchmarks -- <name> [options]");
foreach (Benchmark benchmark in benchmarks) Console.WriteLine($"  {benchmark.Name,-8} {benchmark.Summary}");
return 1;
