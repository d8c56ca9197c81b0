using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// Decides where a call goes: reference, router, catalog. All grains live in this process for now; a grain that lives elsewhere would be
/// told apart in
/// <see cref="Resend"/>, and its connection would take the place of the activation.
/// </summary>
internal sealed class Router(GrainRuntime runtime)
{
    private const int MaxRaces = 100;

    /// <summary>Sends a new call. It never throws and never runs grain code: what goes wrong is the call's outcome.</summary>
    public void Send(GrainReference reference, GrainRequest request)
    {
        if (!Prepare(request)) return;
        if (reference.Route is { } route && route.TryEnqueue(request)) return;
        reference.Route = Resend(request, reference.GrainId);
    }

    /// <summary>Sends a call of the engine itself.</summary>
    public void Send(GrainRequest request, GrainId id)
    {
        if (Prepare(request)) Resend(request, id);
    }

    private bool Prepare(GrainRequest request)
    {
        CallContext? context = RequestContext.Current.Value;
        var caller = TaskScheduler.Current as Activation;
        GrainRequest? callerRequest = context?.Request ?? caller?.CurrentRequest;
        request.ContextValues = context?.Values;

        // Code that a grain sent elsewhere is in the chain of calls, but what follows its calls runs in no turn.
        request.CallerIsGrain = caller is not null;
        request.SetCaller(callerRequest);
        request.DeadlineMs = runtime.Clock.DeadlineIn(request.Method.TimeoutMs is var own && own > 0 ? own : runtime.ResponseTimeoutMs);
        request.Cancellation?.Link(request);
        return runtime.TakesCalls || runtime.IsCallAllowed(request);
    }

    /// <summary>Finds or makes the activation and hands it the request. Returns it if it may be remembered.</summary>
    public Activation? Resend(GrainRequest request, GrainId id)
    {
        if (runtime.Classes.Find(id.Type) is not { } grainClass)
        {
            request.Refuse(new ArgumentException($"No registered grain class has the grain type '{id.Type}'."));
            return null;
        }

        // An activation found can end before it is given the request, but not many times over.
        for (int i = 0; i < MaxRaces; i++)
        {
            Activation? activation = grainClass.IsStatelessWorker
                ? runtime.Catalog.ChooseWorker(grainClass, id)
                : runtime.Catalog.GetOrCreate(grainClass, id);
            if (activation?.TryEnqueue(request) == true) return grainClass.IsStatelessWorker ? null : activation;
        }

        request.Abort(new InvalidOperationException($"{id} kept being deactivated."));
        return null;
    }
}
