using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// Decides where a call goes: to an activation here, found through the reference or the catalog, or to the silo that has the grain.
/// </summary>
internal sealed class Router(GrainRuntime runtime)
{
    private const int MaxRaces = 100;
    private int _lastSilo;

    /// <summary>Sends a new call. It never throws and never runs grain code: what goes wrong is the call's outcome.</summary>
    public void Send(GrainReference reference, GrainRequest request)
    {
        if (!Prepare(request)) return;
        object? route = reference.Route;
        if (route is Activation activation && activation.TryEnqueue(request)) return;
        if (route is RemoteRoute remote && ReferenceEquals(remote.State, runtime.Cluster!.Membership.State)
            && remote.Peer.TrySend(request, reference.GrainId, 0)) return;
        reference.Route = Resend(request, reference.GrainId);
    }

    /// <summary>Sends a call of the engine itself.</summary>
    public void Send(GrainRequest request, GrainId id)
    {
        if (Prepare(request)) Resend(request, id);
    }

    /// <summary>Takes a call that came from another process.</summary>
    public void Receive(GrainRequest request, GrainId id)
    {
        if (runtime.TakesCalls || runtime.IsCallAllowed(request)) Resend(request, id);
    }

    /// <summary>Finds or makes the activation and hands it the request, or sends it on. Returns what may be remembered.</summary>
    public object? Resend(GrainRequest request, GrainId id)
    {
        if (runtime.Classes.Find(id.Type) is not { } grainClass)
        {
            request.Refuse(new ArgumentException($"No registered grain class has the grain type '{id.Type}'."));
            return null;
        }

        return runtime.Cluster is { } cluster ? Place(cluster, grainClass, request, id) : Enqueue(grainClass, request, id);
    }

    /// <summary>Sends a call that has waited for a connection: over it, or wherever the grain is now.</summary>
    public void SendAgain(GrainRequest request, GrainId id, Peer? peer, int forwards)
    {
        if (peer is null || !peer.TrySend(request, id, forwards)) Resend(request, id);
    }

    private bool Prepare(GrainRequest request)
    {
        CallContext? context = RequestContext.Current.Value;
        var caller = TaskScheduler.Current as Activation;
        GrainRequest? callerRequest = context?.Request ?? caller?.CurrentRequest;
        request.ContextValues = context?.Values;

        // Code that a grain sent elsewhere is in the chain of calls, but what follows its calls runs in no turn.
        request.Origin = caller is not null ? RequestOrigin.Grain : RequestOrigin.Outside;
        request.SetCaller(callerRequest);
        request.DeadlineMs = runtime.Clock.DeadlineIn(request.Method.TimeoutMs is var own && own > 0 ? own : runtime.ResponseTimeoutMs);
        request.Cancellation?.Link(request);
        return runtime.TakesCalls || runtime.IsCallAllowed(request);
    }

    /// <summary>Here, or on the silo that has it.</summary>
    private object? Place(ClusterNode cluster, GrainClass grainClass, GrainRequest request, GrainId id)
    {
        if (grainClass.IsStatelessWorker && !cluster.IsClient) return Enqueue(grainClass, request, id);
        int? forwards = request.Origin == RequestOrigin.Remote ? ((IncomingCall)request.Caller!).Forwards : null;
        for (int i = 0; i < MaxRaces; i++)
        {
            ClusterState state = cluster.Membership.State;
            Route route = grainClass.IsStatelessWorker ? AnySilo(state) : Routing.Decide(state, id, forwards);
            if (route.Kind == RouteKind.Local) return Keep(cluster, state, Enqueue(grainClass, request, id));
            if (route.Kind == RouteKind.Refuse)
            {
                request.Refuse(new SiloUnavailableException($"The call of {id} was not made: {ClusterNode.Explain(route.Reason)}"));
                return null;
            }

            // A silo that is sent nothing more is no longer the owner in the state that is in force by now.
            Peer peer = cluster.PeerOf(route.Target!);
            if (peer.TrySend(request, id, forwards is { } before ? before + 1 : 0)) return peer.RouteIn(state);
        }

        request.Refuse(new SiloUnavailableException($"The call of {id} was not made: the silos kept changing."));
        return null;
    }

    /// <summary>Gives an activation up that was made just when its grain became another silo's.</summary>
    private static Activation? Keep(ClusterNode cluster, ClusterState state, Activation? activation)
    {
        if (activation is not null && !ReferenceEquals(state, cluster.Membership.State)) cluster.YieldIfOthers(activation);
        return activation;
    }

    private Route AnySilo(ClusterState state)
    {
        int count = state.View.Active.Length;
        if (count == 0) return new Route(RouteKind.Refuse, null, RefusalReason.NoActiveSilo);
        uint next = (uint)Interlocked.Increment(ref _lastSilo) % (uint)count;
        return new Route(RouteKind.Remote, state.View.Active[(int)next], RefusalReason.None);
    }

    /// <summary>Finds or makes the activation here and hands it the request. Returns it if it may be remembered.</summary>
    private Activation? Enqueue(GrainClass grainClass, GrainRequest request, GrainId id)
    {
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
