global using Orleans.Concurrency;
global using Orleans.Streams;
global using Orleans.Streams.Core;
