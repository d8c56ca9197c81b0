global using Orleans.TestingHost;
global using SiloEngine = EsoCore.Silo.Hosting.OrleansEngine;
