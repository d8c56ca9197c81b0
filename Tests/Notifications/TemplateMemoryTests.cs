using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>What templates leave behind. The memory of the whole process is measured, so nothing else runs meanwhile.</summary>
[Collection(nameof(TemplateMemoryTests)), CollectionDefinition(nameof(TemplateMemoryTests), DisableParallelization = true)]
public sealed class TemplateMemoryTests
{
    private const long MostKept = 4_000_000;

    /// <summary>Something of earlier tests may still run and keep memory; names that are kept cost it each time.</summary>
    private const int Attempts = 5;

    private readonly TemplateRenderer _renderer = new();

    [Fact]
    public void Render_ThousandsOfNames_AreForgotten()
    {
        TryNames(0); // What is made once.
        var (kept, round) = (long.MaxValue, 0);
        for (var attempt = 0; attempt < Attempts && kept > MostKept; attempt++)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            for (var names = 0; names < 40; names++)
                TryNames(++round);
            kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        }

        Assert.InRange(kept, long.MinValue, MostKept);

        void TryNames(int round)
        {
            var text = string.Concat(Enumerable.Range(0, 250).Select(i => $"{{{{title.name_{round}_{i}}}}}")) + "x";
            Assert.Empty(_renderer.Faults(new TemplateDefinition("s", text)));
        }
    }
}
