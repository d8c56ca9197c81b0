using System.Net.Sockets;
using EsoCore.Silo.Hosting;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class LogsTests
{
    [Theory]
    [InlineData("Microsoft.Extensions.Hosting.Internal.Host", SocketError.AccessDenied, true)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", SocketError.AddressNotAvailable, true)]
    [InlineData("Microsoft.Extensions.Hosting.Internal.Host", SocketError.ConnectionReset, false)]
    [InlineData("EsoCore.Silo.Storage.PostgreSql.PostgresStorage", SocketError.AccessDenied, false)]
    [InlineData(null, SocketError.AddressNotAvailable, false)]
    public void IsToldInOneLine_OnlyAStartThatCannotListen(string? source, SocketError error, bool expected)
    {
        LogEventProperty[] properties = source is null ? [] : [new(Constants.SourceContextPropertyName, new ScalarValue(source))];
        var message = new MessageTemplateParser().Parse("x");
        var told = new LogEvent(DateTimeOffset.UnixEpoch, LogEventLevel.Error, new SocketException((int)error), message, properties);
        Assert.Equal(expected, Logs.IsToldInOneLine(told));
    }
}
