using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Config;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>Runs rules over past data, with the very evaluators that devices use.</summary>
[StatelessWorker, GrainType("rule-trial")]
internal sealed class RuleTrialGrain(IDeviceStore devices, IHistory history, ConfigProfiles profiles, RulePlaces places)
    : Grain, IRuleTrialGrain
{
    private const string RuleId = "trial";

    /// <summary>Pages of devices that are looked through for those in scope.</summary>
    private const int MaxDevicePages = 10;

    /// <inheritdoc/>
    public async Task<RuleTrial> Try(Scope scope, RuleDefinition rule, DateTimeOffset from, DateTimeOffset to)
    {
        var errors = RuleValidator.Validate(rule).ToList();
        if (errors.Count == 0
            && ConditionReader.Read(rule.Condition) is DeviceStateCondition or DevicesCondition { Of: DeviceStateCondition })
            errors.Add(new FieldError("condition.type", "cannot be tried: past states of devices are not stored"));
        if (errors.Count == 0 && ConditionReader.Read(rule.Condition) is FleetPatternCondition)
            errors.Add(new FieldError("condition.type", "cannot be tried: it judges incidents as they open, not records"));
        if (errors.Count > 0)
            return new RuleTrial([.. errors], 0, 0, false, []);
        var trial = new RuleTrialRun(history, places, scope, new CompiledRule(RuleId, 0, rule), from, to);
        var (found, cut) = await DevicesOf(scope, trial.Rule);
        foreach (var device in found)
        {
            var profile = await profiles.Get(scope.ProjectId, device.Model);
            await trial.Add(device, profile?.Value);
            if (trial.IsFull)
                break;
        }

        var made = ConditionReader.Read(rule.Condition) is DevicesCondition condition
            ? DevicesTrial.Of(rule, condition, trial.Episodes, to).ToList() : trial.Episodes;
        var episodes = made.OrderBy(e => e.Episode.Start).Take(IRuleTrialGrain.MaxEpisodes).ToImmutableArray();
        return new RuleTrial([], trial.Devices, trial.Records, cut || trial.IsFull || made.Count > episodes.Length, episodes);
    }

    private async Task<(List<DeviceRegistration> Found, bool Cut)> DevicesOf(Scope scope, CompiledRule rule)
    {
        var found = new List<DeviceRegistration>();
        var page = new PageRequest(PageRequest.MaxLimit);
        for (var read = 0; read < MaxDevicePages; read++)
        {
            var part = await devices.List(scope.ProjectId, new DeviceFilter(), page, CancellationToken.None);
            found.AddRange(part.Items.Select(item => item.Value)
                .Where(d => rule.ConcernsTraits(d.Model, d.SiteId, d.Tags) && rule.ConcernsDevice(d.DeviceId)));
            if (found.Count > IRuleTrialGrain.MaxDevices || part.Next is null)
                break;
            page = page with { After = part.Next };
        }

        return (found.Take(IRuleTrialGrain.MaxDevices).ToList(), found.Count > IRuleTrialGrain.MaxDevices);
    }
}
