namespace EsoCore;

/// <summary>
/// On whose behalf a call is made, for the audit trail. It travels beside the arguments, from a call to those that it causes; nothing is
/// allowed or refused by it.
/// </summary>
public static class CallActor
{
    /// <summary>Who acts where nobody asked.</summary>
    public const string System = "system";

    private const string Name = "esocore.actor";

    /// <summary>Who asked, e.g. <c>key:&lt;id&gt;</c>; <see cref="System"/> where nobody did.</summary>
    public static string Current => RequestContext.Get(Name) as string ?? System;

    /// <summary>Says who asks, for the rest of the method and the calls it makes.</summary>
    public static void Set(string actor) => RequestContext.Set(Name, actor);
}
