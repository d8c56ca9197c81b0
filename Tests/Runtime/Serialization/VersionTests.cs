using EsoCore.Runtime;
using EsoCore.Runtime.Serialization;
using Xunit;

namespace EsoCore.Tests.Runtime.Serialization;

[GenerateSerializer, Alias("test-older")]
public sealed record Older(string Name, int Count);

[GenerateSerializer, Alias("test-newer")]
public sealed record Newer(string Name, long Count, Dictionary<string, Shape>? Extra = null, int Level = 0)
{
    [Id(0)]
    public string? Note { get; init; }
}

[GenerateSerializer, Alias("test-shape")]
public abstract record Shape(string Name);

[GenerateSerializer, Alias("test-circle")]
public record Circle(string Name, double Radius) : Shape(Name);

[GenerateSerializer, Alias("test-disc")]
public sealed record Disc(string Name, double Radius, string Colour) : Circle(Name, Radius);

[GenerateSerializer]
public sealed class Mutable
{
    [Id(0)]
    public int Number;

    [Id(7)]
    public Mutable? Inner { get; set; }
}

public sealed class VersionTests
{
    [Fact]
    public void An_older_program_passes_over_what_it_does_not_know()
    {
        var newer = new Newer("a", 5, new() { ["x"] = new Disc("d", 1, "red") }, 3) { Note = "n" };
        Assert.Equal(new Older("a", 5), MessageBytes.Read<Older>(MessageBytes.Write(newer)));
    }

    [Fact]
    public void A_newer_program_gets_defaults_for_what_is_missing() =>
        Assert.Equal(new Newer("a", 5), MessageBytes.Read<Newer>(MessageBytes.Write(new Older("a", 5))));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_derived_message_comes_back_as_what_it_is(bool derived)
    {
        Circle circle = derived ? new Disc("d", 2, "blue") : new Circle("c", 1);
        Assert.Equal(circle, MessageBytes.Read<Shape>(MessageBytes.Write<Shape>(circle)));
        Assert.Equal(circle, MessageBytes.Read<Circle>(MessageBytes.Write(circle)));
    }

    [Fact]
    public void A_class_with_members_that_are_set_comes_back()
    {
        Mutable back = MessageBytes.Read<Mutable>(MessageBytes.Write(new Mutable { Number = 1, Inner = new Mutable { Number = 2 } }));
        Assert.Equal((1, 2), (back.Number, back.Inner!.Number));
    }
}
