using System.Reflection;
using System.Text;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>What crosses between grains, and between releases, changes only on purpose.</summary>
public sealed class ContractTests
{
    private const string Baseline = "Tests/Tidy/contracts.txt";

    [Fact]
    public void Messages_AreImmutable()
    {
        Assert.NotEmpty(Contracts.Messages);
        Assert.Empty(Contracts.Messages.SelectMany(Contracts.Faults));
        Assert.Empty(Contracts.Messages.Where(t => !t.IsEnum && !t.IsDefined(typeof(ImmutableAttribute), inherit: false)).Select(Contracts.Name));
    }

    [Fact]
    public void States_AreMessages() => Assert.Empty(Contracts.States.Except(Contracts.Messages).Select(Contracts.Name));

    [Fact]
    public void Calls_CarryOnlyWhatIsImmutable()
    {
        var faults = Methods().SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(Result(m))
            .Where(t => !Contracts.IsImmutable(t)).Select(t => $"{m.DeclaringType!.Name}.{m.Name}: {Contracts.Name(t)}"));
        Assert.Empty(faults);
    }

    [Fact]
    public void Aliases_AreThereAndUnique()
    {
        Assert.Empty(Contracts.Messages.Where(t => !t.IsEnum && Alias(t) is null).Select(Contracts.Name));
        Assert.Empty(Contracts.Messages.Select(Alias).Where(a => a is not null).GroupBy(a => a).Where(g => g.Count() > 1).Select(g => g.Key));
    }

    [Fact]
    public void Contracts_AreThoseOfTheBaseline()
    {
        var now = Describe();
        if (Repository.UpdatesBaselines)
            File.WriteAllText(Repository.PathOf(Baseline), now);
        Assert.True(
            Repository.Read(Baseline) == now,
            $"Messages or grain interfaces differ from {Baseline}. If that is meant, and old and new can meet, run the tests with "
            + $"{Repository.UpdateVariable}=1 and commit the file.\n{FirstDifference(Repository.Read(Baseline), now)}");
    }

    [Fact]
    public void Faults_OfATypeThatCanChange_NamesEach()
    {
        Assert.Equal(
            ["Changeable.Number can be set", "Changeable.List is a List<Int32>", "Changeable.Other is a Changeable", "Changeable.Field can be set"],
            Contracts.Faults(typeof(Changeable)));
    }

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (var type in Contracts.Interfaces)
        {
            text.Append(type.FullName).Append('\n');
            foreach (var method in Methods(type).OrderBy(m => m.Name, StringComparer.Ordinal))
            {
                var parameters = method.GetParameters().Select(p => $"{Contracts.Name(p.ParameterType)} {p.Name}");
                text.Append($"  {method.Name}({string.Join(", ", parameters)}): {Contracts.Name(Result(method))}\n");
            }

        }

        foreach (var type in Contracts.Messages)
        {
            var derives = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? $" : {b.Name}" : "";
            text.Append($"{type.FullName} \"{Alias(type)}\"{derives}\n");
            foreach (var member in Contracts.Members(type).Where(m => m.SetMethod is not null && m.DeclaringType == type))
                text.Append($"  {Contracts.Id(member)} {member.Name}: {Contracts.Name(member.PropertyType)}\n");
        }

        foreach (var type in Enums())
            text.Append($"{type.FullName}: {string.Join(", ", Enum.GetNames(type).Select(n => $"{n}={Convert.ToInt64(Enum.Parse(type, n))}"))}\n");
        return text.ToString();
    }

    private static IEnumerable<Type> Enums() =>
        typeof(Scope).Assembly.GetTypes().Where(t => t.IsEnum && t.IsPublic).OrderBy(t => t.FullName, StringComparer.Ordinal);

    private static IEnumerable<MethodInfo> Methods() => Contracts.Interfaces.SelectMany(Methods);

    private static IEnumerable<MethodInfo> Methods(Type type) => type.GetMethods(BindingFlags.Instance | BindingFlags.Public);

    private static Type Result(MethodInfo method) => method.ReturnType.IsGenericType ? method.ReturnType.GenericTypeArguments[0] : typeof(void);

    private static string? Alias(Type type) => type.GetCustomAttributes<AliasAttribute>(inherit: false).FirstOrDefault()?.Alias;

    private static string FirstDifference(string before, string now)
    {
        var (old, current) = (before.Split('\n'), now.Split('\n'));
        var common = Math.Min(old.Length, current.Length);
        var at = Enumerable.Range(0, common).FirstOrDefault(i => old[i] != current[i], common - 1);
        return $"Line {at + 1} was '{old[at]}' and is '{current[at]}'.";
    }

    private sealed record Changeable
    {
        public int Field = 1;

        public int Number { get; set; }

        public List<int> List { get; init; } = [];

        public Changeable? Other { get; init; }
    }
}
