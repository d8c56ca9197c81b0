namespace EsoCore.Runtime.Clustering;

/// <summary>What a frame is: its first byte. The numbers are on the wire.</summary>
internal enum FrameKind : byte
{
    /// <summary>A call; see <see cref="CallFrames"/>.</summary>
    Request = 1,

    /// <summary>The answer to a call.</summary>
    Response = 2,

    /// <summary>The caller no longer waits: the method's token is to be cancelled.</summary>
    Cancel = 3,

    /// <summary>The sender is leaving, as of a version of the membership; it is to be sent no more calls.</summary>
    Goodbye = 4,

    /// <summary>The sender has seen the goodbye and sent its last call.</summary>
    GoodbyeSeen = 5,
}
