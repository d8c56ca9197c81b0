using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using EsoCore.Runtime;

namespace EsoCore.Tests.Runtime.Serialization;

/// <summary>Makes values of any message type, and compares them member by member.</summary>
internal sealed class RandomMessages(int seed)
{
    private readonly Random _random = new(seed);

    public static IReadOnlyList<Type> Types { get; } = [.. typeof(Scope).Assembly.GetTypes()
        .Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) && !type.IsAbstract)
        .Select(type => type.IsGenericTypeDefinition ? type.MakeGenericType(typeof(EsoCore.Sites.SiteDefinition)) : type)
        .OrderBy(type => type.FullName, StringComparer.Ordinal)];

    public object? Make(Type type, bool isNullable = false, int depth = 0)
    {
        if (isNullable && _random.Next(3) == 0) return null;
        if (Nullable.GetUnderlyingType(type) is { } inner) return _random.Next(3) == 0 ? null : Make(inner, false, depth);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(_random.Next(Enum.GetValues(type).Length));
        if (type == typeof(string)) return Text();
        if (type == typeof(bool)) return _random.Next(2) == 0;
        if (type == typeof(int)) return _random.Next(4) == 0 ? int.MinValue : _random.Next();
        if (type == typeof(long)) return _random.Next(4) == 0 ? long.MinValue : _random.NextInt64() - _random.NextInt64();
        if (type == typeof(double)) return _random.Next(4) == 0 ? double.NegativeInfinity : _random.NextDouble() * 1e9;
        if (type == typeof(Guid)) return NewGuid();
        if (type == typeof(DateTimeOffset))
            return new DateTimeOffset(Ticks(), TimeSpan.FromMinutes(_random.Next(2) * _random.Next(-600, 600)));
        if (type == typeof(TimeSpan)) return new TimeSpan(_random.NextInt64());
        if (type == typeof(DateOnly)) return DateOnly.FromDayNumber(_random.Next(DateOnly.MaxValue.DayNumber));
        if (type == typeof(ReadOnlyMemory<byte>)) return new ReadOnlyMemory<byte>(Bytes());
        if (type.IsAbstract) return Make(Pick(type.Assembly.GetTypes().Where(other => other.IsSubclassOf(type)).ToArray()), false, depth);
        if (type.IsGenericType && type.Namespace == typeof(ImmutableArray).Namespace) return Collection(type, depth);
        ConstructorInfo constructor = type.GetConstructors().OrderByDescending(one => one.GetParameters().Length).First();
        var nullability = new NullabilityInfoContext();
        object?[] arguments = [.. constructor.GetParameters().Select(parameter =>
            Make(parameter.ParameterType, nullability.Create(parameter).WriteState == NullabilityState.Nullable, depth + 1))];
        return constructor.Invoke(arguments);
    }

    public static bool Same(object? left, object? right)
    {
        if (left is null || right is null) return left is null && right is null;
        if (left.GetType() != right.GetType()) return false;
        if (left is ReadOnlyMemory<byte> bytes) return bytes.Span.SequenceEqual(((ReadOnlyMemory<byte>)right).Span);
        if (left is DateTimeOffset time) return time.EqualsExact((DateTimeOffset)right);
        if (left is string || left.GetType().IsPrimitive || left.GetType().IsEnum || left.GetType().Namespace == "System")
            return left.Equals(right);
        if (left is IEnumerable items)
        {
            if (left.GetType().GetProperty("IsDefault") is { } isDefault && (bool)isDefault.GetValue(left)!)
                return (bool)isDefault.GetValue(right)!;
            object?[] all = [.. items.Cast<object?>()], others = [.. ((IEnumerable)right).Cast<object?>()];
            return all.Length == others.Length && all.Zip(others).All(pair => Same(pair.First, pair.Second));
        }

        return left.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
            .All(field => Same(field.GetValue(left), field.GetValue(right)));
    }

    private object Collection(Type type, int depth)
    {
        int count = depth > 4 ? 0 : _random.Next(4);
        Type[] arguments = type.GenericTypeArguments;
        if (arguments.Length == 1)
        {
            var array = Array.CreateInstance(arguments[0], count);
            for (int i = 0; i < count; i++) array.SetValue(Make(arguments[0], false, depth + 1), i);
            return typeof(ImmutableArray).GetMethods()
                .Single(m => m.Name == "Create" && m.GetParameters() is [{ ParameterType.IsArray: true }])
                .MakeGenericMethod(arguments[0]).Invoke(null, [array])!;
        }

        object made = type.GetField("Empty")!.GetValue(null)!;
        if (_random.Next(2) == 0)
            made = type.GetMethod("WithComparers", [typeof(IComparer<>).MakeGenericType(arguments[0])])!
                .Invoke(made, [StringComparer.Ordinal])!;
        for (int i = 0; i < count; i++)
            made = type.GetMethod("SetItem")!.Invoke(made, [Make(arguments[0], false, depth + 1), Make(arguments[1], false, depth + 1)])!;
        return made;
    }

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private string Text() => Pick(["", "a", "Ä€𝄞", new string('x', 39), new string('é', 41), new string('y', 5_000), "\0"]);

    /// <summary>Whole minutes, a day from either end of the calendar.</summary>
    private long Ticks() => TimeSpan.TicksPerDay
        + _random.NextInt64((DateTime.MaxValue.Ticks - 2 * TimeSpan.TicksPerDay) / TimeSpan.TicksPerMinute) * TimeSpan.TicksPerMinute;

    private Guid NewGuid()
    {
        byte[] bytes = new byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private byte[] Bytes()
    {
        byte[] bytes = new byte[_random.Next(300)];
        _random.NextBytes(bytes);
        return bytes;
    }
}
