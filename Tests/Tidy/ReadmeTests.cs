using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EsoCore.Benchmarks.Server;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>What a newcomer pastes first works as it stands in README.md.</summary>
public sealed partial class ReadmeTests
{
    private const string Address = "http://127.0.0.1:8080";
    private const string FirstHeading = "## Upload a batch and read the live twin";

    [Fact]
    public async Task TheCurlSequence_AsPasted_UploadsABatchThatTheTwinAndTheMachineShow()
    {
        var data = Directory.CreateTempSubdirectory("esocore-readme-").FullName;
        try
        {
            using var server = new ServerProcess(data);
            await server.Start();
            var output = await Run(Script().Replace(Address, server.Url.ToString().TrimEnd('/')).Replace("/tmp/", data + "/"));
            Assert.Contains("\"accepted\":4,\"duplicates\":0,\"rejected\":0", output);
            Assert.Contains("\"last_value\":23.5", output);
            Assert.Contains("\"value\":28.4", output);
            Assert.Contains("\"asset_id\":\"DOOR_1\"", output);

            var key = output.TrimEnd().Split('\n')[^1].Split(':');
            using var http = ServerProcess.Client(server.Url, key[0], key[1]);
            int? closed = null;
            await Eventually.Holds(
                async () => (closed = await Closed(http)) is > 0,
                () => $"The machine shows {closed?.ToString() ?? "no"} closed cycles. The server:\n{server.Log}");
            Assert.Equal(1, closed);
            Assert.True(await server.Stop() == 0, $"The server ended otherwise than well:\n{server.Log}"); // SIGTERM, as a script sends it.
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>
    /// How many cycles the machine has closed. They arrive after the upload's answer: before the first does, the machine is unknown.
    /// </summary>
    private static async Task<int?> Closed(HttpClient http)
    {
        using var answer = await http.GetAsync("/api/assets/DOOR_1");
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["cycles"]!["closed"]!.GetValue<int>();
    }

    /// <summary>The shell blocks below the heading, up to the next one, and at the end the project's key.</summary>
    private static string Script()
    {
        var text = Repository.Read("README.md");
        var section = text[(text.IndexOf(FirstHeading, StringComparison.Ordinal) + FirstHeading.Length)..].Split("\n## ")[0];
        return string.Join('\n', Block().Matches(section).Select(m => m.Groups[1].Value)) + "\necho\necho \"$PROJECT_KEY\"\n";
    }

    private static async Task<string> Run(string script)
    {
        var start = new ProcessStartInfo("bash", ["-eu", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var shell = Process.Start(start)!;
        var errors = shell.StandardError.ReadToEndAsync();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"The shell ended with {shell.ExitCode}: {await errors}");
        return output;
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
