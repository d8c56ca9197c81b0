namespace EsoCore.Grains.Rules.Conditions;

/// <summary>
/// What must hold for a rule to make an episode: a closed set, one file each, read from JSON by <see cref="ConditionReader"/>.
/// </summary>
internal abstract record Condition;

/// <summary>A condition on the values of one metric that come to pass limits and come back.</summary>
/// <param name="Metric">Its name as records tell it.</param>
/// <param name="Limits">What is out, and when it is back.</param>
/// <param name="For">How long values must have been out without coming back, by their own times; zero: at once.</param>
internal abstract record LimitCondition(string Metric, Limits Limits, TimeSpan For) : Condition;
