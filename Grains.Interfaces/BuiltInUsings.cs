global using EsoCore.Runtime;
