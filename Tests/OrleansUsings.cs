global using Orleans.Storage;
global using Orleans.TestingHost;
global using Engine = EsoCore.Silo.Hosting.OrleansEngine;
