using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// Makes grains of one class. Most constructors ask for singletons and states only, so a service scope is made only where one is needed.
/// </summary>
internal sealed class GrainConstructor
{
    private const string DefaultStorage = "Default";

    private readonly ConstructorInvoker _invoker;
    private readonly Func<Activation, object?>[] _arguments;
    private readonly bool _needsScope;

    public GrainConstructor(Type type, ScopedServices scoped)
    {
        ConstructorInfo constructor = Choose(type);
        ParameterInfo[] parameters = constructor.GetParameters();
        _invoker = ConstructorInvoker.Create(constructor);
        _needsScope = parameters.Any(parameter => scoped.Contains(parameter.ParameterType));
        _arguments = [.. parameters.Select(parameter => ArgumentOf(type, parameter))];
        HasStates = parameters.Any(parameter => parameter.IsDefined(typeof(PersistentStateAttribute)));
    }

    public bool HasStates { get; }

    public object Invoke(Activation activation)
    {
        if (_needsScope) activation.Extras.Scope = activation.Runtime.ServiceProvider.CreateAsyncScope();
        if (_arguments.Length == 0) return Unwrap(static invoker => invoker.Invoke(), _invoker);
        var arguments = new object?[_arguments.Length];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = _arguments[i](activation);
        return Unwrap(static both => both._invoker.Invoke(both.arguments.AsSpan()), (_invoker, arguments));
    }

    private static object Unwrap<T>(Func<T, object> invoke, T argument)
    {
        try
        {
            return invoke(argument);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }

    private static ConstructorInfo Choose(Type type)
    {
        ConstructorInfo[] constructors = type.GetConstructors();
        if (constructors.Length == 0) throw new InvalidOperationException($"The grain class {type} has no public constructor.");
        return constructors.FirstOrDefault(constructor => constructor.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? constructors.MaxBy(constructor => constructor.GetParameters().Length)!;
    }

    private static Func<Activation, object?> ArgumentOf(Type grain, ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state) return StateOf(grain, parameter, state);
        if (type == typeof(IGrainContext)) return static activation => activation;
        if (type == typeof(IGrainFactory)) return static activation => activation.Runtime;
        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed)
            return activation => activation.ActivationServices.GetRequiredKeyedService(type, keyed.Key);
        if (parameter.HasDefaultValue) return activation => activation.ActivationServices.GetService(type) ?? parameter.DefaultValue;
        return activation => activation.ActivationServices.GetRequiredService(type);
    }

    private static Func<Activation, object?> StateOf(Type grain, ParameterInfo parameter, PersistentStateAttribute attribute)
    {
        Type type = parameter.ParameterType;
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
            throw new InvalidOperationException(
                $"[PersistentState] stands on parameter '{parameter.Name}' of {grain}, which is not an IPersistentState<T>.");
        PersistentStateFactory factory = PersistentStateFactory.For(type.GetGenericArguments()[0]);
        string storageName = attribute.StorageName ?? DefaultStorage;
        return activation =>
        {
            IGrainStorage storage = activation.Runtime.ServiceProvider.GetKeyedService<IGrainStorage>(storageName)
                ?? throw new InvalidOperationException(
                    $"No grain storage called '{storageName}' is registered for state '{attribute.StateName}' of {grain}.");
            ILoadableState made = factory.Create(attribute.StateName, activation, storage);
            (activation.Extras.States ??= []).Add(made);
            return made;
        };
    }
}
