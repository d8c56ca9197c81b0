using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>Makes statements, each in a bounded time; whatever goes wrong is "no reply".</summary>
internal static class TableCall
{
    public static async Task<TableReply> Make(
        IMembershipTable table, TableRequest request, TimeSpan timeout, TimeProvider time, ILogger log, CancellationToken stop)
    {
        using var end = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, stop);
        Task<TableReply>? call = null;
        try
        {
            // Not trusting the table to heed the token: a hanging statement must not stop the heartbeats after it.
            call = request.Execute(table, either.Token);
            return await call.WaitAsync(either.Token);
        }
        catch (Exception exception)
        {
            if (call is { IsCompleted: false }) Forget(call);
            if (!stop.IsCancellationRequested && exception is not (MembershipTableException or OperationCanceledException))
                log.LogError(exception, "A statement to the membership table failed");
            return NoReply.Instance;
        }
    }

    /// <summary>So that its failure, which nobody waits for any more, is not reported as unobserved.</summary>
    private static void Forget(Task call) =>
        call.ContinueWith(static done => _ = done.Exception, default, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
