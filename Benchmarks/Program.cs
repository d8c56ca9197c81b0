using EsoCore.Benchmarks;
using EsoCore.Benchmarks.Calls;
using EsoCore.Benchmarks.Engine;
using EsoCore.Benchmarks.Ingest;
using EsoCore.Benchmarks.Twins;

// One line per benchmark: dotnet run -c Release --project Benchmarks -- <name> [options]
Benchmark[] benchmarks =
[
    new("engine", "calls, waits and idle memory of the built-in engine [--seconds n] [--date d] [--no-file]", EngineBenchmark.RunAsync),
    new("calls", "calls between silos beside bare sockets [--silos n] [--seconds n] [--date d] [--no-file]", CallsBenchmark.RunAsync),
    new("twin", "bytes of an idle device twin [--devices n] [--date yyyy-mm-dd] [--no-file]", TwinBenchmark.RunAsync),
    new("ingest", "durable points per second over HTTP beside rows in SQLite [--devices n] [--batches n] [--rounds n] [--date ..] [--no-file]", IngestBenchmark.RunAsync),
];

Benchmark? chosen = benchmarks.FirstOrDefault(benchmark => args is [var name, ..] && name == benchmark.Name);
if (chosen is not null) return await chosen.RunAsync(args[1..]);
Console.WriteLine("usage: dotnet run -c Release --project Benchmarks -- <name> [options]");
foreach (Benchmark benchmark in benchmarks) Console.WriteLine($"  {benchmark.Name,-8} {benchmark.Summary}");
return 1;
