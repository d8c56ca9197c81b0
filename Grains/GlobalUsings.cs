global using System.Collections.Immutable;
global using EsoCore.Runtime;
