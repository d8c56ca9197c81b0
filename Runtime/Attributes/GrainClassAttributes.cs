using System.Globalization;

namespace EsoCore.Runtime;

/// <summary>On a grain class: an idle activation is kept until the process stops.</summary>
[AttributeUsage(AttributeTargets.Class)]
public class KeepAliveAttribute : Attribute;

/// <summary>
/// On a grain class: how long an activation may be idle before it is collected, instead of <see cref="RuntimeOptions.CollectionAge"/>. At
/// least one minute.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public class CollectionAgeLimitAttribute : Attribute
{
    /// <summary>The shortest age; anything less counts as this.</summary>
    public static readonly TimeSpan MinAgeLimit = TimeSpan.FromMinutes(1);

    private readonly TimeSpan? _age;

    /// <summary>Takes the age from the properties.</summary>
    public CollectionAgeLimitAttribute()
    {
    }

    /// <summary>Takes the age as a <see cref="TimeSpan"/> in text.</summary>
    public CollectionAgeLimitAttribute(string inactivityPeriod) => _age = TimeSpan.Parse(inactivityPeriod, CultureInfo.InvariantCulture);

    /// <summary>Days of the age.</summary>
    public double Days { get; set; }

    /// <summary>Hours of the age.</summary>
    public double Hours { get; set; }

    /// <summary>Minutes of the age.</summary>
    public double Minutes { get; set; }

    /// <summary>True exempts the class, as <see cref="KeepAliveAttribute"/> does.</summary>
    public bool AlwaysActive { get; set; }

    /// <summary>The age in force.</summary>
    public TimeSpan AgeLimit
    {
        get
        {
            if (AlwaysActive) return TimeSpan.MaxValue;
            TimeSpan age = _age ?? TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes);
            return age < MinAgeLimit ? MinAgeLimit : age;
        }
    }
}

/// <summary>On a grain class: its <see cref="GrainType"/>, which stored rows carry; with it the class can be renamed.</summary>
/// <param name="grainType">The name; without '/'.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class GrainTypeAttribute(string grainType) : Attribute
{
    /// <summary>The name.</summary>
    public string GrainType { get; } = grainType;
}

/// <summary>On a grain class: it receives what is published to streams of this namespace, the grain's key being the stream's key.</summary>
/// <param name="streamNamespace">The namespace, compared exactly.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public class ImplicitStreamSubscriptionAttribute(string streamNamespace) : Attribute
{
    /// <summary>The namespace.</summary>
    public string StreamNamespace { get; } = streamNamespace;
}

/// <summary>
/// On a constructor parameter of type <see cref="IPersistentState{T}"/>: the state to read before the grain is activated.
/// </summary>
/// <param name="stateName">The name of the state within the grain.</param>
/// <param name="storageName">The <see cref="IGrainStorage"/> registered under this name; without one, the one called "Default".</param>
[AttributeUsage(AttributeTargets.Parameter)]
public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
{
    /// <summary>The name of the state.</summary>
    public string StateName { get; } = stateName ?? throw new ArgumentNullException(nameof(stateName));

    /// <summary>The name of the storage, or null for "Default".</summary>
    public string? StorageName { get; } = storageName;
}
