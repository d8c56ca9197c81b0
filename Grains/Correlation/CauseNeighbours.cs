using EsoCore.Incidents;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// Finds the incidents of a place whose verdicts one of them can change. Devices have to do with each other only through what concerns the
/// whole site, and only with what began within its time: long after a storm a site is judged device by device again.
/// </summary>
internal static class CauseNeighbours
{
    /// <summary>
    /// The incidents to judge together: of some devices all, and of the wide ones those that touch them. The set is closed: nothing outside
    /// can be cause or consequence of anything in it.
    /// </summary>
    /// <param name="seeds">The incident that changed, as it was and as it is.</param>
    /// <param name="wide">Incidents of the whole site.</param>
    /// <param name="devices">Incidents of each device.</param>
    public static List<Incident> Of(
        IReadOnlyCollection<Incident> seeds, IReadOnlyCollection<Incident> wide, IReadOnlyDictionary<Guid, List<Incident>> devices)
    {
        var left = wide.ToList();
        var reached = new Dictionary<Guid, List<Incident>>();
        var news = new Queue<Incident>(seeds);
        var found = new List<Incident>();
        while (news.TryDequeue(out var seed))
        {
            if (CauseFinder.IsWide(seed))
            {
                // As it was it may be gone; what it touched then is to be judged anew all the same.
                if (left.RemoveAll(w => w.Id == seed.Id) is 1 && wide.First(w => w.Id == seed.Id) is var now)
                    found.Add(now);
                foreach (var (device, incidents) in devices)
                {
                    if (!reached.ContainsKey(device) && incidents.Exists(i => CauseFinder.IsWithin(seed, i)))
                        Reach(device, incidents);
                }
            }
            else
            {
                Touch(seed);
                if (!reached.ContainsKey(seed.Source.DeviceId) && devices.TryGetValue(seed.Source.DeviceId, out var own))
                    Reach(seed.Source.DeviceId, own);
            }
        }

        return [.. found, .. reached.Values.SelectMany(incidents => incidents)];

        void Reach(Guid device, List<Incident> incidents)
        {
            reached[device] = incidents;
            incidents.ForEach(Touch);
        }

        void Touch(Incident effect)
        {
            foreach (var cause in left.Where(w => CauseFinder.IsWithin(w, effect)).ToList())
            {
                left.Remove(cause);
                found.Add(cause);
                news.Enqueue(cause);
            }
        }
    }
}
