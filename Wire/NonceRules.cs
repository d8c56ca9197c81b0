namespace EsoCore.Wire;

/// <summary>What holds of nonces for whoever issues them and for whoever sees to it that each is used once.</summary>
public static class NonceRules
{
    /// <summary>How long a nonce is good from its issue.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(5);
}
