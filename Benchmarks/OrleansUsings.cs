global using Orleans.TestingHost;
