using EsoCore.Notifications;

namespace EsoCore.Api;

/// <summary>A page of deliveries.</summary>
internal sealed record DeliveryList(IEnumerable<Delivery> Deliveries);

/// <summary>What became of messages, <c>/api/deliveries</c>.</summary>
internal static class DeliveryEndpoints
{
    private const string Tag = "Deliveries";
    private const string What = "delivery";

    public static void MapDeliveries(this IEndpointRouteBuilder app)
    {
        var deliveries = app.MapGroup("/api/deliveries").RequireProjectKey();
        deliveries.MapGet("", List)
            .Doc("listDeliveries", Tag, "Messages and what became of them, newest first", doc => doc
                .Query("status", "pending, delivered or dead.").Query("incident", "The incident that a message tells of first.", "uuid")
                    .Span().Paged())
            .Gives<DeliveryList>();
        deliveries.MapGet("/{id}", Get)
            .Doc("getDelivery", Tag, "A message and what became of it", doc => doc.Refuses(404)).Gives<Delivery>();
        deliveries.MapPost("/{id}/send-again", SendAgain)
            .Doc("sendDeliveryAgain", Tag, "Send a dead message again, under its old idempotency key", doc => doc
                .Says("One that had nowhere to go (no_channel, no_recipient) is addressed and worded anew by what its recipient has now. "
                    + "Of several addresses the first keeps the message's id; each other is a delivery of its own.")
                .Refuses(400, 404, 409))
            .Gives<Delivery>();
    }

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var status = query.Text("status", 16);
        if (status is not (null or "pending" or "delivered" or "dead"))
            query.Fault("status", "must be pending, delivered or dead");
        var filter = new DeliveryFilter(status, query.Id("incident"), query.Time("from"), query.Time("to"));
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        return await Answers.Page(http, () => Project(grains, http).ListDeliveries(filter, page), list => new DeliveryList(list.Items));
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains) =>
        Ids.TryParse(id, out var deliveryId) && await Project(grains, http).FindDelivery(deliveryId) is { } found
            ? Results.Json(found, ApiJson.Options) : Problems.NotFound(What);

    private static async Task<IResult> SendAgain(HttpContext http, string id, IGrainFactory grains)
    {
        if (!Ids.TryParse(id, out var deliveryId))
            return Problems.NotFound(What);
        var result = await Project(grains, http).SendAgain(deliveryId, $"key:{Caller.Of(http).Key.KeyId:D}");
        return result.Outcome switch
        {
            EditOutcome.Changed => Results.Json(result.Current!.Value, ApiJson.Options),
            EditOutcome.Invalid => Problems.Faulty(result.Errors, ApiCodes.Invalid),
            EditOutcome.NotPossible =>
                new Problem(409, ApiCodes.NoAddress, $"The message cannot be sent: its address {result.Errors[0].Message}.")
                {
                    Errors = result.Errors,
                },
            _ => Problems.NotFound(What),
        };
    }

    private static INotificationsGrain Project(IGrainFactory grains, HttpContext http) =>
        grains.GetGrain<INotificationsGrain>(Caller.Of(http).ProjectId.ToString("D"));
}
