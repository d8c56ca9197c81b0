using EsoCore.Benchmarks;
using EsoCore.Benchmarks.Anomalies;
using EsoCore.Benchmarks.Calls;
using EsoCore.Benchmarks.Chaos;
using EsoCore.Benchmarks.Engine;
using EsoCore.Benchmarks.Engines;
using EsoCore.Benchmarks.Events;
using EsoCore.Benchmarks.Ingest;
using EsoCore.Benchmarks.Query;
using EsoCore.Benchmarks.Rules;
using EsoCore.Benchmarks.Small;
using EsoCore.Benchmarks.Twins;
using EsoCore.Benchmarks.Upkeep;

// One line per benchmark: dotnet run -c Release --project Benchmarks -- <name> [options]
Benchmark[] benchmarks =
[
    new("engine", "calls, waits and idle memory of the engine [--seconds n] [--date d] [--no-file]", EngineBenchmark.RunAsync),
    new("calls", "calls between silos beside bare sockets [--silos n] [--seconds n] [--date d] [--no-file]", CallsBenchmark.RunAsync),
    new("engines", "both engines in turn [--other folder] [--rounds n] [--seconds n] [--only name] [--revision r] [--date d]",
        EnginesBenchmark.RunAsync),
    new("engine-name", "which engine this build has", EnginesBenchmark.TellName),
    new("twin", "bytes of an idle device twin [--devices n] [--date yyyy-mm-dd] [--no-file]", TwinBenchmark.RunAsync),
    new("ingest", "durable points per second over HTTP beside rows [--postgres] [--devices n] [--batches n] [--rounds n] [--date ..] [--no-file]", IngestBenchmark.RunAsync),
    new("small", "device commits per second on PostgreSQL beside pgbench [--devices n] [--seconds n] [--rounds n] [--date ..] [--no-file]", SmallBenchmark.RunAsync),
    new("chaos", "silos killed, paused and cut off, a database that fails; then all is counted [--silos n] [--kills n] [--seed n] [--pause s] [--cut s]", ChaosBenchmark.RunAsync),
    new("failover", "how long uploads fail after the loss of a silo [--rounds n] [--date ..] [--no-file]", FailoverBenchmark.RunAsync),
    new("query", "charts and raw reads on PostgreSQL beside the same of rows [--rounds n] [--date ..] [--no-file]", QueryBenchmark.RunAsync),
    new("upkeep", "how long upkeep holds the writer [--devices n] [--days n] [--date yyyy-mm-dd] [--no-file]", UpkeepBenchmark.RunAsync),
    new("events", "a storm of events until the messages are there [--devices n] [--events n] [--seconds n] [--date ..] [--no-file]", EventsBenchmark.RunAsync),
    new("rules", "what rules cost: ingest with 0, 10 and 100 of them [--devices n] [--batches n] [--rounds n] [--date ..] [--no-file]",
    RulesBenchmark.RunAsync),
    new("anomalies", "anomalies found in metrics and events [--corpus folder] [--simulated] [--events] [--date ..] [--no-file]",
    AnomaliesBenchmark.RunAsync),
];

Benchmark? chosen = benchmarks.FirstOrDefault(benchmark => args is [var name, ..] && name == benchmark.Name);
if (chosen is not null) return await chosen.RunAsync(args[1..]);
Console.WriteLine("usage: dotnet run -c Release --project Benchmarks -- <name> [options]");
foreach (Benchmark benchmark in benchmarks) Console.WriteLine($"  {benchmark.Name,-11} {benchmark.Summary}");
return 1;
