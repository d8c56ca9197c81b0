using System.Reflection;
using EsoCore.Devices;
using EsoCore.Feed;
using EsoCore.Silo.Hosting;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;
using Xunit;

namespace EsoCore.Tests.Cluster;

/// <summary>How long a front door waits for a call with Orleans.</summary>
public sealed class OrleansRejectionsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Call_ThatMayTakeLong_IsNotGivenUpWithTheOthers()
    {
        var filter = new OrleansRejections(Patience);
        var reading = new Call(typeof(IFeedGrain), nameof(IFeedGrain.Read));
        var twin = new Call(typeof(IDeviceGrain), nameof(IDeviceGrain.GetTwin));
        var read = filter.Invoke(reading);
        await Assert.ThrowsAsync<TimeoutException>(() => filter.Invoke(twin));
        Assert.Equal((false, 1), (read.IsCompleted, twin.Invocations));
        reading.Answered.SetResult();
        await read;
    }

    private sealed class Call(Type grain, string method) : IOutgoingGrainCallContext
    {
        public TaskCompletionSource Answered { get; } = new();

        public MethodInfo InterfaceMethod { get; } = grain.GetMethod(method)!;

        public Response? Response { get; set; }

        public object? Result { get; set; }

        public object Grain => this;

        public IInvokable Request => null!;

        public string InterfaceName => grain.Name;

        public string MethodName => method;

        public GrainId? SourceId => null;

        public GrainId TargetId => default;

        public GrainInterfaceType InterfaceType => default;

        IGrainContext? IOutgoingGrainCallContext.SourceContext => null;

        public int Invocations { get; private set; }

        public Task Invoke()
        {
            Invocations++;
            return Answered.Task;
        }
    }
}
