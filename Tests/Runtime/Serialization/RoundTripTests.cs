using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Serialization;
using EsoCore.Runtime;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Serialization;
using Xunit;

namespace EsoCore.Tests.Runtime.Serialization;

public sealed class RoundTripTests
{
    private const int Seeds = 200;

    private static readonly MethodInfo s_again =
        typeof(RoundTripTests).GetMethod(nameof(Again), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static TheoryData<string> Messages => [.. RandomMessages.Types.Select(type => type.ToString())];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_comes_back_as_it_was(string name)
    {
        Type type = RandomMessages.Types.Single(type => type.ToString() == name);
        MethodInfo again = s_again.MakeGenericMethod(type);
        for (int seed = 0; seed < Seeds; seed++)
        {
            object? value = new RandomMessages(seed).Make(type);
            object? back = again.Invoke(null, [value]);
            Assert.True(RandomMessages.Same(value, back), $"seed {seed}: {value} came back as {back}");
        }
    }

    [Fact]
    public void Every_argument_and_result_of_every_grain_can_cross()
    {
        var check = new CodecCheck();
        HashSet<string> interfaces = [.. typeof(Scope).Assembly.GetTypes()
            .Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type)).Select(type => type.FullName!)];
        System.Runtime.CompilerServices.RuntimeHelpers.RunModuleConstructor(typeof(Scope).Module.ModuleHandle);
        GrainRequest[] requests = [.. GrainMethodRegistry.Of(interfaces)];
        Assert.NotEmpty(requests);
        foreach (GrainRequest request in requests)
        {
            request.CheckArguments(check);
            request.CheckResult(check);
        }

        Assert.Empty(check.Errors);
    }

    [Fact]
    public void Values_of_the_framework_come_back()
    {
        Same(true, byte.MaxValue, short.MinValue, ushort.MaxValue, uint.MaxValue, ulong.MaxValue, 'ß', sbyte.MinValue, 1.5f,
            double.Epsilon);
        Same(decimal.MinValue, 0.1m, UInt128.MaxValue, Int128.MinValue, Guid.Empty, TimeSpan.MinValue, DateTime.MaxValue,
            DateOnly.MaxValue, TimeOnly.MaxValue);
        Same(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DayOfWeek.Friday, GrainId.Create("a", "b/c"), StreamId.Create("n", "k"));
        Same((1, "x"), (1, (int?)null, "y"), (1, 2, 3, "z"));
        Assert.Equal([1, 2], Again<List<int>>([1, 2]));
        Assert.Equal<string?[]>(["a", null], Again<string?[]>(["a", null]));
        Assert.Equal([1, 2], Again<IReadOnlyList<int>>([1, 2]));
        Assert.Null(Again<int?>(null));
        Assert.True(Again<ImmutableArray<int>>(default).IsDefault);
        Assert.Equal(1, Again(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 })["a"]);
        Assert.Equal(100_000, Again(Enumerable.Range(0, 100_000).ToArray()).Length);
        Assert.Equal("x", Again<object>("x"));
        Assert.Equal(new Versioned<Scope>("a", 1, new Scope(Guid.Empty)),
            Again<object>(new Versioned<Scope>("a", 1, new Scope(Guid.Empty))));
    }

    [Fact]
    public void Bytes_of_an_owned_message_are_not_copied()
    {
        byte[] message = MessageBytes.Write<ReadOnlyMemory<byte>>(new byte[100]);
        Assert.True(MessageBytes.Read<ReadOnlyMemory<byte>>(message, owned: true).Span.Overlaps(message));
        Assert.False(MessageBytes.Read<ReadOnlyMemory<byte>>(message).Span.Overlaps(message));
    }

    [Fact]
    public void Exceptions_that_callers_tell_apart_come_back_as_what_they_are()
    {
        ExceptionTypes.AddAssembly(typeof(EsoCore.History.StorageUnavailableException).Assembly);
        Assert.Equal("away", Again<Exception>(new EsoCore.History.StorageUnavailableException("away", new IOException("disk"))).Message);
        var argument = Assert.IsType<ArgumentException>(Again<Exception>(new ArgumentException("bad", "name")));
        Assert.Equal(("bad (Parameter 'name')", "name"), (argument.Message, argument.ParamName));
        Assert.IsType<TimeoutException>(Again<Exception>(new TimeoutException()));
        Assert.IsType<IOException>(Again<Exception>(new InvalidOperationException("x", new IOException("y"))).InnerException);
        var conflict = Assert.IsType<InconsistentStateException>(Again<Exception>(new InconsistentStateException("c", "1", null)));
        Assert.Equal(("1", null, false), (conflict.StoredEtag, conflict.CurrentEtag, conflict.IsAtSource));
        var unknown = Assert.IsType<RemoteGrainException>(Again(Again<Exception>(new UnknownException("what"))));
        Assert.Equal((typeof(UnknownException).FullName, "what"), (unknown.OriginalType, unknown.OriginalMessage));
    }

    [Fact]
    public void A_type_that_cannot_cross_is_named()
    {
        var check = new CodecCheck { Place = "here" };
        check.Add<Dictionary<string, List<Thread>>>();
        Assert.Contains("System.Threading.Thread", Assert.Single(check.Errors));
        Assert.Throws<SerializationException>(() => MessageBytes.Write<object>(new Uri("http://localhost")));
    }

    [Fact]
    public void Limits_are_kept_when_writing()
    {
        Assert.Throws<SerializationException>(() => MessageBytes.Write(new byte[MessageLimits.MaxBytes]));
        object nested = new List<object>();
        for (int i = 0; i < MessageLimits.MaxDepth; i++) nested = new List<object> { nested };
        Assert.Throws<SerializationException>(() => MessageBytes.Write(nested));
    }

    private static T Again<T>(T value) => MessageBytes.Read<T>(MessageBytes.Write(value));

    private static void Same(params object[] values)
    {
        foreach (object value in values) Assert.Equal(value, s_again.MakeGenericMethod(value.GetType()).Invoke(null, [value]));
    }

    private sealed class UnknownException(string message) : Exception(message);
}
