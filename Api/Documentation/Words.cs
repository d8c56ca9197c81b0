using EsoCore.Notifications;
using EsoCore.Tickets;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>The words of which a text, or each text of a list, is one; the OpenAPI document tells them as an enum.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal class WordsAttribute(params string[] words) : Attribute
{
    public IReadOnlyList<string> Words => words;
}

/// <summary>Kinds of channels.</summary>
internal sealed class ChannelKindAttribute() : WordsAttribute([.. ChannelKinds.All]);

/// <summary>Kinds of tickets.</summary>
internal sealed class TicketKindAttribute() : WordsAttribute([.. TicketKinds.All]);

/// <summary>Severities as they are kept.</summary>
internal sealed class SeverityWordAttribute() : WordsAttribute([.. Enum.GetValues<Severity>().Select(Severities.NameOf)]);

/// <summary>Days of a week.</summary>
internal sealed class WeekdayAttribute() : WordsAttribute("mon", "tue", "wed", "thu", "fri", "sat", "sun");
