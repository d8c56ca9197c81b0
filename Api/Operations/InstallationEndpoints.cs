using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>What the operator sets for the whole installation, <c>/api/installation</c>.</summary>
internal static class InstallationEndpoints
{
    private const string Tag = "Operations";
    private const string Path = "/api/installation";
    private const string What = "installation";
    private const string Maintenance = "maintenance";
    private const string SamplingScale = "sampling_scale";

    public static void MapInstallation(this IEndpointRouteBuilder app)
    {
        var installation = app.MapGroup(Path).RequireOperator();
        installation.MapGet("", Get)
            .Doc("getInstallation", Tag, "The settings of the whole installation", doc => doc.Basic().ETag())
            .Gives<InstallationBody>();
        installation.MapPut("", Put)
            .Doc("putInstallation", Tag, "Turn maintenance on or off, or all devices' sampling down", doc => doc
                .Basic().Takes<InstallationChangeBody>().Edits()
                .Says("What is left out goes back to what it is by itself. Every process follows within 5 seconds. In maintenance device "
                    + "calls (all but the handshake) are answered with 503; devices keep buffering."))
            .Gives<InstallationBody>()
            .Gives<InstallationBody>(StatusCodes.Status201Created);
    }

    private static async Task<IResult> Get(HttpContext http, IGrainFactory grains)
    {
        var found = await Grain(grains).GetSettings();
        return Answers.Versioned(http, found, ToBody(found));
    }

    private static async Task<IResult> Put(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var settings = new InstallationSettings(
            form.Flag(Maintenance) ?? false, form.Number(SamplingScale) ?? 1); // Its bounds are the grain's to say.
        foreach (var name in form.Names.Where(name => name is not (Maintenance or SamplingScale)))
            form.Fault(name, "is no setting"); // What is left out is set back, so a slip of the pen would end a maintenance.
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Grain(grains).PutSettings(settings, ETags.IfMatch(http.Request));
        return Answers.Edit(http, result, What, ToBody, _ => Path);
    }

    private static InstallationBody ToBody(Versioned<InstallationSettings> found) =>
        new(found.Value.Maintenance, found.Value.SamplingScale);

    private static IInstallationGrain Grain(IGrainFactory grains) => grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key);

    private static TBuilder RequireOperator<TBuilder>(this TBuilder routes) where TBuilder : IEndpointConventionBuilder =>
        routes.AddEndpointFilter(async (context, next) =>
            OperatorKey.Opens(context.HttpContext.Request, context.HttpContext.RequestServices.GetRequiredService<IInstallationKeys>())
                ? await next(context) : Problems.OperatorUnauthorized);
}

/// <summary>The installation's settings.</summary>
/// <param name="Maintenance">Whether device calls are answered with 503.</param>
/// <param name="SamplingScale">How much of their sampling all devices keep, 0.01 to 1.</param>
internal sealed record InstallationBody(bool Maintenance, double SamplingScale);

/// <summary>The installation's new settings: what is left out is as if it had never been set.</summary>
/// <param name="Maintenance">Whether device calls are answered with 503. Left out: false.</param>
/// <param name="SamplingScale">How much of their sampling all devices keep, 0.01 to 1. Left out: 1.</param>
internal sealed record InstallationChangeBody(bool? Maintenance, double? SamplingScale);

/// <summary>
/// The operator's password for <c>/api/installation</c> and <c>POST /v1/seed</c>, by HTTP Basic with the user <see cref="User"/>. It
/// derives from the master key, so whoever may read that file (the server's own user) is the operator, every process knows it, and nothing
/// of it is stored.
/// </summary>
public static class OperatorKey
{
    /// <summary>The user's name.</summary>
    public const string User = "operator";

    private const int MaxHeader = 256;

    /// <summary>The password of a master key, 43 characters.</summary>
    public static string PasswordOf(DerivedKey key) => Base64Url.EncodeToString(key.Key.Span);

    /// <summary>Whether the request carries the password of the key in force. While it is replaced, the one before does not open.</summary>
    internal static bool Opens(HttpRequest request, IInstallationKeys keys)
    {
        var values = request.Headers.Authorization;
        if (values.Count != 1 || values[0] is not { Length: <= MaxHeader } header)
            return false;
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return false;
        return CallerGate.ReadBasic(header[6..].Trim()) is var (user, password)
            && user == User
            && CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(PasswordOf(keys.Current(KeyPurposes.Operator))));
    }
}
