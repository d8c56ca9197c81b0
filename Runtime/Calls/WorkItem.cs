using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>
/// Something an activation has to do. Items are links of the mailbox themselves, so that putting one in allocates nothing.
/// </summary>
public abstract class WorkItem
{
    internal WorkItem? Next;

    /// <summary>How many items the inbox held when this one was put in, itself included.</summary>
    internal int Depth;

    private protected WorkItem()
    {
    }

    /// <summary>Does it, as one turn.</summary>
    internal abstract void Run(Activation activation);
}
