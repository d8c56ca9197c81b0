using EsoCore.Benchmarks.Anomalies;
using Xunit;

namespace EsoCore.Tests.Anomalies;

public sealed class CorpusScoringTests
{
    private const int Points = 1000;

    [Theory]
    [InlineData(-1, 0.98661)]
    [InlineData(-0.5, 0.84828)]
    [InlineData(0, 0)]
    [InlineData(1, -0.98661)]
    [InlineData(3.5, -1)]
    public void Sigmoid_AtAPosition_IsThePublishedValue(double position, double value) =>
        Assert.Equal(value, CorpusScoring.Sigmoid(position), 5e-6);

    [Theory]
    [InlineData(1000, 150)]
    [InlineData(4032, 604)]
    [InlineData(20000, 750)]
    public void Probation_OfASeries_IsFifteenPercentAndBounded(int points, int probation) =>
        Assert.Equal(probation, CorpusScoring.Probation(points));

    [Fact]
    public void At_WithoutDetections_IsNull() => Assert.Equal(0, Score([500..600]).Final, 9);

    [Fact]
    public void At_WithTheFirstPointOfEachWindow_IsPerfect() => Assert.Equal(100, Score([500..600, 700..800], 500, 700).Final, 9);

    [Fact]
    public void At_WithSeveralDetectionsInAWindow_CountsTheEarliest() =>
        Assert.Equal(Score([500..600], 550).Raw, Score([500..600], 550, 551, 590).Raw, 12);

    [Fact]
    public void At_WithAFalseAlarmBeforeAnyWindow_CostsItsFullWeight() =>
        Assert.Equal(-0.11, Score([500..600], 400, 500).Raw - Score([500..600], 500).Raw, 9);

    [Fact]
    public void At_WithAFalseAlarmJustAfterAWindow_CostsLess()
    {
        var (window, near, far) = (Score([500..600], 500).Raw, Score([500..600], 500, 610).Raw, Score([500..600], 500, 999).Raw);
        Assert.Equal(0.11 * CorpusScoring.Sigmoid(11.0 / 99), near - window, 9);
        Assert.Equal(-0.11, far - window, 9);
    }

    [Fact]
    public void At_WithinProbation_CountsNothing() => Assert.Equal(0, Score([500..600], 0, 149).Final, 9);

    [Fact]
    public void Best_OverAllThresholds_TakesTheOneOfTheHighestScore()
    {
        var scores = new double[Points];
        (scores[300], scores[500], scores[700]) = (0.3, 0.9, 0.8);
        var best = CorpusScoring.Best([Series([500..600, 700..800])], [scores]);
        Assert.Equal(0.8, best.Threshold);
        Assert.Equal(100, best.Final, 9);
        Assert.Equal(best.Raw, CorpusScoring.At(0.8, [Series([500..600, 700..800])], [scores]).Raw, 9);
    }

    private static CategoryScore Score(Range[] windows, params int[] detections)
    {
        var scores = new double[Points];
        foreach (var point in detections)
            scores[point] = 1;
        return CorpusScoring.At(0.5, [Series(windows)], [scores]);
    }

    private static CorpusSeries Series(Range[] windows) =>
        new("a/b", "a", new DateTimeOffset[Points], new double[Points],
            [.. windows.Select(w => new LabelWindow(w.Start.Value, w.End.Value - 1))]);
}
