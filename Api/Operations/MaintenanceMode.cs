using EsoCore.Projects;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>Whether device calls are put off: by this process's own configuration, or for the whole installation.</summary>
internal sealed class MaintenanceMode(IInstallationSwitches switches, IOptionsMonitor<ApiOptions> options)
{
    public async ValueTask<bool> IsOn()
    {
        if (options.CurrentValue.Maintenance)
            return true;
        try
        {
            return (await switches.Get()).Value.Maintenance;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return false; // Never read, so nothing is known of it: what ails the switch will answer for the call itself.
        }
    }
}
