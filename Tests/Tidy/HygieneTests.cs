using System.Text;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>The repository stands on its own: nothing in it points to one machine.</summary>
public sealed class HygieneTests
{
    /// <summary>In two parts each, so that this file does not find itself.</summary>
    private static readonly string[] Foreign = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "../sha" + "red"];

    [Fact]
    public void Files_NameNoPathOfAMachine()
    {
        var faults = Texts().SelectMany(f => Repository.Lines(f)
            .Select((text, i) => (text, i))
            .Where(l => Foreign.Any(l.text.Contains))
            .Select(l => $"{f}:{l.i + 1}: {l.text.Trim()}"));
        Assert.Empty(faults);
    }

    [Fact]
    public void Texts_AreUtf8WithUnixLineEnds()
    {
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        foreach (var file in Texts().Where(f => !f.EndsWith(".sln", StringComparison.Ordinal)))
        {
            var text = strict.GetString(File.ReadAllBytes(Repository.PathOf(file)));
            Assert.False(text.Contains('\r'), $"{file} has Windows line ends.");
            Assert.False(text.StartsWith('\uFEFF'), $"{file} begins with a byte order mark.");
        }
    }

    /// <summary>Files without a zero byte in their first part.</summary>
    private static IEnumerable<string> Texts() => Repository.Files.Where(file =>
    {
        using var stream = File.OpenRead(Repository.PathOf(file));
        var head = new byte[8_000];
        return !head.AsSpan(0, stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)).Contains((byte)0);
    });
}
