global using Orleans.Storage;
global using Engine = EsoCore.Silo.Hosting.OrleansEngine;
