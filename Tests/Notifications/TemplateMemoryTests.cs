using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>What templates leave behind. The memory of the whole process is measured, so nothing else runs meanwhile.</summary>
[Collection(nameof(TemplateMemoryTests)), CollectionDefinition(nameof(TemplateMemoryTests), DisableParallelization = true)]
public sealed class TemplateMemoryTests
{
    private readonly TemplateRenderer _renderer = new();

    [Fact]
    public void Render_ThousandsOfNames_AreForgotten()
    {
        TryNames(0); // What is made once.
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var round = 1; round <= 40; round++)
            TryNames(round);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4_000_000);

        void TryNames(int round)
        {
            var text = string.Concat(Enumerable.Range(0, 250).Select(i => $"{{{{title.name_{round}_{i}}}}}")) + "x";
            Assert.Empty(_renderer.Faults(new TemplateDefinition("s", text)));
        }
    }
}
