global using EsoCore.Runtime;
global using EsoCore.Runtime.Hosting;
global using Engine = EsoCore.Silo.Hosting.BuiltInEngine;
