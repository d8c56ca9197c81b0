using System.Net.Sockets;
using System.Text;

namespace EsoCore.Benchmarks.Small;

/// <summary>
/// One connection that posts and waits for 200, one request after the other. A general client takes as much of the cores as the server that
/// is measured.
/// </summary>
internal sealed class LeanHttp
{
    private const int MaxAnswer = 16 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[MaxAnswer];
    private readonly string _host;

    internal LeanHttp(Uri server)
    {
        _host = server.Authority;
        _socket.Connect(server.Host, server.Port);
    }

    /// <summary>Posts a body.</summary>
    /// <param name="headers">Header lines, each with its line end.</param>
    /// <exception cref="InvalidOperationException">The answer is not 200.</exception>
    internal async Task Post(string path, string headers, byte[] body)
    {
        var head = $"POST {path} HTTP/1.1\r\nHost: {_host}\r\n{headers}Content-Length: {body.Length}\r\n\r\n";
        var length = Encoding.ASCII.GetBytes(head, _buffer);
        body.CopyTo(_buffer, length);
        await _socket.SendAsync(_buffer.AsMemory(0, length + body.Length));
        var read = 0;
        int? total = null;
        while (total is null || read < total)
        {
            var more = await _socket.ReceiveAsync(_buffer.AsMemory(read));
            if (more == 0)
                throw new InvalidOperationException("The server closed the connection.");
            read += more;
            total ??= TotalOf(_buffer.AsSpan(0, read));
        }

        if (!_buffer.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8))
            throw new InvalidOperationException(Encoding.UTF8.GetString(_buffer, 0, read));
    }

    /// <summary>The length of the answer, once its head has come.</summary>
    private static int? TotalOf(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var name = "Content-Length: "u8;
        var at = answer[..end].IndexOf(name);
        if (at < 0)
            throw new InvalidOperationException("The answer does not tell its length.");
        var digits = answer[(at + name.Length)..];
        digits = digits[..digits.IndexOf((byte)'\r')];
        return end + 4 + int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }
}
