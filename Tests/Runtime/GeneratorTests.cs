using EsoCore.Runtime;
using EsoCore.Runtime.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace EsoCore.Tests.Runtime;

public sealed class GeneratorTests
{
    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    [Theory]
    [InlineData("ESO001", "int Count { get; }")]
    [InlineData("ESO001", "event System.Action Changed;")]
    [InlineData("ESO001", "static abstract Task M();")]
    [InlineData("ESO002", "void M();")]
    [InlineData("ESO002", "int M();")]
    [InlineData("ESO002", "System.Collections.Generic.IAsyncEnumerable<int> M();")]
    [InlineData("ESO003", "Task M<T>(T item);")]
    [InlineData("ESO004", "Task M(ref int value);")]
    [InlineData("ESO004", "Task M(out int value);")]
    [InlineData("ESO004", "Task M(System.Threading.CancellationToken a, System.Threading.CancellationToken b);")]
    [InlineData("ESO006", "[Alias(\"x\")] Task M(); [Alias(\"x\")] Task N();")]
    [InlineData("ESO007", "[OneWay] Task<int> M();")]
    public void A_member_that_cannot_be_called_is_an_error(string id, string member)
    {
        Diagnostic[] found = Run($"public interface IBad : IGrainWithStringKey {{ {member} }}", out _);
        Diagnostic error = Assert.Single(found);
        Assert.Equal((id, DiagnosticSeverity.Error), (error.Id, error.Severity));
        Assert.True(error.Location.GetLineSpan().IsValid);
    }

    [Theory]
    [InlineData("ESO003", "public interface IBad<T> : IGrainWithStringKey { Task M(T item); }")]
    [InlineData("ESO005", "public class Outer { private interface IBad : IGrainWithStringKey { Task M(); } }")]
    public void An_interface_that_cannot_be_referenced_is_an_error(string id, string code) =>
        Assert.Equal(id, Assert.Single(Run(code, out _)).Id);

    [Theory]
    [InlineData("ESO008", "public class Outer { [GenerateSerializer] private sealed record Bad(int A); }")]
    [InlineData("ESO009", "[GenerateSerializer] public sealed class Bad { [Id(0)] public int A { get; set; } [Id(0)] public int B; }")]
    [InlineData("ESO009", "[GenerateSerializer] public sealed record Bad(int A, [property: Id(0)] int B);")]
    [InlineData("ESO010", "[GenerateSerializer] public sealed class Bad { private Bad(int a) => A = a; [Id(0)] public int A { get; } }")]
    [InlineData("ESO010", "[GenerateSerializer] public sealed class Bad { [Id(0)] public int A { get; private set; } }")]
    public void A_message_that_cannot_cross_is_an_error(string id, string code)
    {
        Diagnostic error = Assert.Single(Run(code, out Compilation compilation, new SerializerGenerator()));
        Assert.Equal((id, DiagnosticSeverity.Error), (error.Id, error.Severity));
        Assert.Contains("'Bad'", error.GetMessage());
        Assert.Single(compilation.SyntaxTrees);
    }

    [Theory]
    [InlineData("internal interface IGood : IGrainWithGuidKey { Task @event(string @class, int? n, (int A, string? B)[] pairs, CancellationToken ct = default); }")]
    [InlineData("public static class Outer { public interface IGood : IGrainWithIntegerKey { ValueTask<Dictionary<string, List<int?>>> M(params int[] values); } }")]
    [InlineData("public interface IBase<T> { Task<T> Get(T item); } public interface IGood : IBase<int>, IBase<string>, IGrainWithStringKey;")]
    [InlineData("public interface IBase : IGrainWithStringKey { Task M(); } public interface IGood : IBase { new Task M(); Task M(int x); [OneWay, Alias(\"a\\\"b\")] ValueTask N(); }")]
    [InlineData("public partial interface IGood : IGrainWithStringKey { Task M(); } public partial interface IGood : IRemindable { Task N(); }")]
    [InlineData("public interface IGood : IGrainWithStringKey { [Obsolete] Task<string?> M(string? text); static int Helper() => 1; }")]
    public void What_is_generated_compiles_without_warnings(string code)
    {
        Assert.Empty(Run(code, out Compilation compilation));
        Assert.Contains(compilation.SyntaxTrees, tree => tree.FilePath.EndsWith("References.g.cs", StringComparison.Ordinal));
        Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
    }

    [Fact]
    public void Interfaces_that_are_not_grains_are_left_alone()
    {
        Assert.Empty(Run("public interface IOther : System.IDisposable { int Count { get; } }", out Compilation compilation));
        Assert.Single(compilation.SyntaxTrees);
    }

    private static Diagnostic[] Run(string code, out Compilation compilation, IIncrementalGenerator? generator = null)
    {
        const string Usings = "using EsoCore.Runtime; using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks;\n";
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        compilation = CSharpCompilation.Create(
            "Generated",
            [CSharpSyntaxTree.ParseText(Usings + code.Replace("Key;", "Key { }"), options, "Code.cs")],
            s_references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([(generator ?? new GrainReferenceGenerator()).AsSourceGenerator()], parseOptions: options)
            .RunGeneratorsAndUpdateCompilation(compilation, out compilation, out System.Collections.Immutable.ImmutableArray<Diagnostic> found);
        return [.. found];
    }
}
