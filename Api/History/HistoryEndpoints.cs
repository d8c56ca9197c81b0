using EsoCore.History;

namespace EsoCore.Api;

/// <summary>What is stored: of one device under <c>/api/devices/{id}</c>, of the whole project under <c>/api/points</c> and <c>/api/events</c>.</summary>
internal static class HistoryEndpoints
{
    /// <summary>Windows a page: raw ones are large.</summary>
    private const int MaxWindows = 1_000;

    private const string Tag = "History";
    private const string What = "device";

    public static void MapHistory(this IEndpointRouteBuilder app)
    {
        var device = app.MapGroup("/api/devices/{id}").RequireProjectKey();
        device.MapGet("/points", (HttpContext http, string id, IHistory history) => OfDevice(http, id, history, found => Points(http, found, history)))
            .Doc("listDevicePoints", Tag, "A device's points, raw or in buckets", doc => DescribePoints(doc).Refuses(404))
            .Gives<PointsBody>();
        device.MapGet("/windows", (HttpContext http, string id, IHistory history) => OfDevice(http, id, history, found => Windows(http, found, history)))
            .Doc("listDeviceWindows", Tag, "A device's windows", doc => doc
                .Query("metric", "Only of this metric.").Query("asset", "Only of this asset.").Span().Paged().Refuses(404)
                .Answers(ApiExamples.WindowList))
            .Gives<WindowList>();
        device.MapGet("/events", (HttpContext http, string id, IHistory history) => OfDevice(http, id, history, found => Events(http, found, history)))
            .Doc("listDeviceEvents", Tag, "A device's events, newest first", doc => DescribeEvents(doc).Refuses(404))
            .Gives<EventList>();
        device.MapGet("/batches", (HttpContext http, string id, IHistory history) => OfDevice(http, id, history, found => Batches(http, found, history)))
            .Doc("listBatches", Tag, "A device's batch ledger, newest first", doc => doc.Paged().Refuses(404))
            .Gives<BatchList>();
        device.MapGet("/rejected", (HttpContext http, string id, IHistory history) => OfDevice(http, id, history, found => Rejected(http, found, history)))
            .Doc("listRejected", Tag, "A device's rejected records, newest first", doc => doc
                .Paged().Refuses(404).Answers(ApiExamples.Rejected))
            .Gives<RejectedList>();

        var project = app.MapGroup("/api").RequireProjectKey();
        project.MapGet("/points", (HttpContext http, IHistory history) => OfProject(http, history, () => Points(http, null, history)))
            .Doc("listPoints", Tag, "The project's points, raw or in buckets", doc => DescribePoints(doc)
                .Query("device", "Only of this device.", "uuid").Query("site", "Only of devices at this site.").Refuses(404))
            .Gives<PointsBody>();
        project.MapGet("/events", (HttpContext http, IHistory history) => OfProject(http, history, () => Events(http, null, history)))
            .Doc("listEvents", Tag, "The project's events, newest first", doc => DescribeEvents(doc)
                .Query("device", "Only of this device.", "uuid").Query("site", "Only of devices at this site.").Query("metric", "Same as type.").Refuses(404))
            .Gives<EventList>();
    }

    private static RouteDoc DescribePoints(RouteDoc doc) => doc
        .Query("metric", "Only of this metric; required with bucket.")
        .Query("asset", "Only of this asset.")
        .Span()
        .Answers(ApiExamples.Points)
        .Query("bucket", "The width of a bucket, like 1m, 1h, 1d; the answer then holds buckets instead of points.")
        .Query("agg", "What each bucket tells, of min,max,avg,sum,count; default all but sum.")
        .Paged();

    private static RouteDoc DescribeEvents(RouteDoc doc) => doc
        .Query("type", "Only events of this name.")
        .Query("category", "Only of this category.")
        .Query("severity", "info, low, medium, high or critical.")
        .Query("asset", "Only of this asset.")
        .Span()
        .Answers(ApiExamples.Events)
        .Paged();

    private static async Task<IResult> OfDevice(HttpContext http, string id, IHistory history, Func<Guid, Task<IResult>> read) =>
        Ids.TryParse(id, out var deviceId) && await history.DeviceExists(Caller.Of(http).Scope, deviceId, http.RequestAborted)
            ? await read(deviceId)
            : Problems.NotFound(What);

    /// <summary>A device named as a filter is held to the same rule as one in the path: outside the project it does not exist.</summary>
    private static async Task<IResult> OfProject(HttpContext http, IHistory history, Func<Task<IResult>> read) =>
        Ids.TryParse(http.Request.Query["device"].ToString(), out var deviceId)
        && !await history.DeviceExists(Caller.Of(http).Scope, deviceId, http.RequestAborted)
            ? Problems.NotFound(What)
            : await read();

    private static async Task<IResult> Points(HttpContext http, Guid? deviceId, IHistory history)
    {
        var query = new QueryReader(http.Request.Query);
        var (from, to) = query.Span();
        var points = new PointQuery(
            Caller.Of(http).Scope,
            deviceId ?? query.Id("device"),
            deviceId is null ? query.Text("site", Ids.MaxLength) : null,
            query.Text("metric", Ids.MaxLength),
            query.Text("asset", Ids.MaxLength),
            from,
            to);
        var (bucket, agg, page) = (query.Bucket(), query.Agg(), query.Page());
        if (query.Has("agg") && !query.Has("bucket"))
            query.Fault("agg", "needs bucket");
        if (bucket is not null && points.Metric is null)
            query.Fault("metric", "is required with bucket: values of different metrics do not add up");
        if (bucket is { } width && from is { } first && to is { } end && HistoryQueryReader.Buckets(first, end, width) > BucketQuery.MaxBuckets)
            query.Fault("bucket", $"would give more than {BucketQuery.MaxBuckets} buckets between from and to");
        if (query.Problem() is { } faulty)
            return faulty;

        if (bucket is null)
            return await Answers.Page(http, () => history.ReadPoints(points, page, http.RequestAborted), found => new PointList(found.Items));
        ImmutableArray<BucketRow> buckets;
        try
        {
            buckets = await history.ReadBuckets(new BucketQuery(points, bucket.Value), http.RequestAborted);
        }
        catch (ArgumentException e) when (e.GetType() == typeof(ArgumentException))
        {
            // Without both ends only the points themselves tell how many buckets they fill.
            return Problems.Faulty([new FieldError("bucket", $"would give more than {BucketQuery.MaxBuckets} buckets: take wider ones or a shorter time")]);
        }

        return Results.Json(new BucketList(buckets.Select(row => row.ToBody(agg))), ApiJson.Options);
    }

    private static async Task<IResult> Windows(HttpContext http, Guid deviceId, IHistory history)
    {
        var query = new QueryReader(http.Request.Query);
        var (from, to) = query.Span();
        var windows = new WindowQuery(
            Caller.Of(http).Scope, deviceId, query.Text("metric", Ids.MaxLength), query.Text("asset", Ids.MaxLength), from, to);
        var page = query.Page(MaxWindows);
        return query.Problem() is { } faulty
            ? faulty
            : await Answers.Page(
                http, () => history.ReadWindows(windows, page, http.RequestAborted), found => new WindowList(found.Items.Select(row => new WindowBody(row))));
    }

    private static async Task<IResult> Events(HttpContext http, Guid? deviceId, IHistory history)
    {
        var query = new QueryReader(http.Request.Query);
        var (from, to) = query.Span();
        var events = new EventQuery(
            Caller.Of(http).Scope,
            deviceId ?? query.Id("device"),
            deviceId is null ? query.Text("site", Ids.MaxLength) : null,
            query.Text("asset", Ids.MaxLength),
            query.Text("type", Ids.MaxLength) ?? query.Text("metric", Ids.MaxLength), // An event's name is what a point calls its metric.
            query.Text("category", Ids.MaxLength),
            query.Severity(),
            from,
            to);
        var page = query.Page();
        return query.Problem() is { } faulty
            ? faulty
            : await Answers.Page(http, () => history.ReadEvents(events, page, http.RequestAborted), found => new EventList(found.Items));
    }

    private static async Task<IResult> Batches(HttpContext http, Guid deviceId, IHistory history)
    {
        var query = new QueryReader(http.Request.Query);
        var page = query.Page();
        return query.Problem() is { } faulty
            ? faulty
            : await Answers.Page(
                http, () => history.ReadBatches(Caller.Of(http).Scope, deviceId, page, http.RequestAborted), found => new BatchList(found.Items));
    }

    private static async Task<IResult> Rejected(HttpContext http, Guid deviceId, IHistory history)
    {
        var query = new QueryReader(http.Request.Query);
        var page = query.Page();
        return query.Problem() is { } faulty
            ? faulty
            : await Answers.Page(
                http, () => history.ReadRejected(Caller.Of(http).Scope, deviceId, page, http.RequestAborted), found => new RejectedList(found.Items));
    }
}
