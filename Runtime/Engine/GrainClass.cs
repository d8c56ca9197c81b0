using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Runtime.Engine;

/// <summary>What the engine knows of a grain class; found by reflection once, when the silo starts.</summary>
internal sealed class GrainClass
{
    private readonly GrainConstructor _constructor;

    public GrainClass(GrainRuntime runtime, Type type, ScopedServices scoped)
    {
        Runtime = runtime;
        Type = type;
        GrainType = GrainType.Create(type.GetCustomAttribute<GrainTypeAttribute>()?.GrainType ?? DefaultName(type));
        TypeHash = GrainType.GetHashCode();
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute));
        MaxWorkers = type.GetCustomAttribute<StatelessWorkerAttribute>()?.MaxLocalWorkers ?? 0;
        AgeLimitSeconds = AgeLimit(type, runtime.Options);
        StreamNamespaces = [.. type.GetCustomAttributes<ImplicitStreamSubscriptionAttribute>().Select(implied => implied.StreamNamespace)];
        _constructor = new GrainConstructor(type, scoped);
        HasActivationWork = _constructor.HasStates || Overrides(type, nameof(IGrainBase.OnActivateAsync), typeof(CancellationToken));
        HasDeactivationWork =
            Overrides(type, nameof(IGrainBase.OnDeactivateAsync), typeof(DeactivationReason), typeof(CancellationToken));
        if (StreamNamespaces.Length > 0 && !typeof(IStreamSubscriptionObserver).IsAssignableFrom(type))
            throw new InvalidOperationException(
                $"{type} has [ImplicitStreamSubscription] but does not implement {nameof(IStreamSubscriptionObserver)}.");
    }

    public GrainRuntime Runtime { get; }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public int TypeHash { get; }

    public bool IsReentrant { get; }

    public int MaxWorkers { get; }

    public bool IsStatelessWorker => MaxWorkers > 0;

    /// <summary>How long an activation may be idle; int.MaxValue for ever.</summary>
    public int AgeLimitSeconds { get; }

    public string[] StreamNamespaces { get; }

    /// <summary>Whether there is more to do than construct before the first request.</summary>
    public bool HasActivationWork { get; }

    public bool HasDeactivationWork { get; }

    public object Create(Activation activation) => _constructor.Invoke(activation);

    private static string DefaultName(Type type)
    {
        string name = type.Name.ToLowerInvariant();
        return name.EndsWith("grain", StringComparison.Ordinal) && name.Length > "grain".Length ? name[..^"grain".Length] : name;
    }

    private static int AgeLimit(Type type, RuntimeOptions options)
    {
        if (type.IsDefined(typeof(KeepAliveAttribute))) return int.MaxValue;
        TimeSpan age = type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit ?? options.CollectionAge;
        return (int)Math.Min(age.TotalSeconds, int.MaxValue);
    }

    private static bool Overrides(Type type, string method, params Type[] parameters) =>
        type.GetMethod(method, parameters)?.DeclaringType != typeof(Grain);
}

/// <summary>Which service types are registered as scoped, as far as the registrations show.</summary>
internal sealed class ScopedServices(IEnumerable<ServiceDescriptor> services)
{
    private const int MaxDepth = 16;

    private readonly ILookup<Type, ServiceDescriptor> _services =
        services.Where(service => !service.IsKeyedService).ToLookup(service => service.ServiceType);

    /// <summary>
    /// Whether making the service needs a scope, itself or through what it is made of. A factory shows nothing of what it asks for.
    /// </summary>
    public bool Contains(Type type, int depth = 0)
    {
        if (depth > MaxDepth) return false;
        Type registered = type.IsGenericType && !_services.Contains(type) ? type.GetGenericTypeDefinition() : type;
        foreach (ServiceDescriptor service in _services[registered])
        {
            if (service.Lifetime == ServiceLifetime.Scoped) return true;
            if (service.Lifetime == ServiceLifetime.Singleton || service.ImplementationType is not { } made) continue;
            IEnumerable<ParameterInfo> parameters = made.GetConstructors().SelectMany(constructor => constructor.GetParameters());
            if (parameters.Any(parameter => Contains(parameter.ParameterType, depth + 1))) return true;
        }

        return false;
    }
}
