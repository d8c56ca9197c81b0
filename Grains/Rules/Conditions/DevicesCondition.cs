namespace EsoCore.Grains.Rules.Conditions;

/// <summary>
/// Something happens to several devices of the subject (a site or the project) within a time. A device only tells its own part; the
/// subject's incident counts devices.
/// </summary>
/// <param name="Count">Distinct devices, 2 to 10,000.</param>
/// <param name="Within">1 minute to 30 days.</param>
/// <param name="Of">What happens: an <see cref="EventCondition"/> or a <see cref="DeviceStateCondition"/>.</param>
internal sealed record DevicesCondition(int Count, TimeSpan Within, Condition Of) : Condition;
