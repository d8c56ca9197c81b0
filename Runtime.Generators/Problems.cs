using System.Linq;
using Microsoft.CodeAnalysis;

namespace EsoCore.Runtime.Generators;

/// <summary>What a grain interface or a message may not contain.</summary>
internal static class Problems
{
    private const string Category = "Grains";

    public static readonly DiagnosticDescriptor NotAMethod =
        Error("ESO001", "Only methods", "'{0}' is not a method; a grain interface has methods only");
    public static readonly DiagnosticDescriptor NotATask =
        Error("ESO002", "Only tasks", "'{0}' must return Task, Task<T>, ValueTask or ValueTask<T>");
    public static readonly DiagnosticDescriptor Generic =
        Error("ESO003", "Nothing generic", "'{0}' is generic; grain interfaces and their methods are not");
    public static readonly DiagnosticDescriptor BadParameter =
        Error("ESO004", "Parameters by value", "'{0}' has a parameter passed by reference or more than one CancellationToken");
    public static readonly DiagnosticDescriptor Hidden =
        Error("ESO005", "Visible interfaces", "'{0}' must be public or internal, as must the types it is nested in");
    public static readonly DiagnosticDescriptor SameId =
        Error("ESO006", "Unique ids", "'{0}' has the same id as another method of the interface: {1}");
    public static readonly DiagnosticDescriptor OneWayResult =
        Error("ESO007", "One way, no result", "'{0}' is [OneWay] and must return Task or ValueTask");
    public static readonly DiagnosticDescriptor HiddenMessage =
        Error("ESO008", "Visible messages", "'{0}' must be public or internal, as must the types it is nested in");
    public static readonly DiagnosticDescriptor SameMemberId =
        Error("ESO009", "Unique member ids", "'{0}' has two members with the same id: {1} and {2}");
    public static readonly DiagnosticDescriptor NotConstructible = Error(
        "ESO010",
        "Messages can be made again",
        "'{0}' has no visible constructor that takes only its members and leaves none that cannot be assigned");

    private static readonly DiagnosticDescriptor[] s_all =
        [NotAMethod, NotATask, Generic, BadParameter, Hidden, SameId, OneWayResult, HiddenMessage, SameMemberId, NotConstructible];

    public static Diagnostic Report(ProblemModel problem)
    {
        DiagnosticDescriptor kind = s_all.First(descriptor => descriptor.Id == problem.Id);
        return Diagnostic.Create(kind, problem.Location, problem.Arguments.Items.ToArray<object>());
    }

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, Category, DiagnosticSeverity.Error, isEnabledByDefault: true);
}
