using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Wire;

public sealed class KeySecretsTests
{
    [Fact]
    public void Draw_Always_IsPrefixAnd43UrlSafeCharacters()
    {
        var secret = KeySecrets.Draw();
        Assert.Matches("^esk_[A-Za-z0-9_-]{43}$", secret);
        Assert.NotEqual(secret, KeySecrets.Draw());
    }

    [Fact]
    public void Hash_OfKnownText_IsItsSha256() =>
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Convert.ToHexStringLower(KeySecrets.Hash("abc")));

    [Fact]
    public void Matches_OfTheSecretAlone_AndOfNoneThatIsTooLong()
    {
        Assert.True(KeySecrets.Matches("abc", KeySecrets.Hash("abc")));
        Assert.False(KeySecrets.Matches("abd", KeySecrets.Hash("abc")));
        var longest = new string('x', KeySecrets.MaxBytes);
        Assert.True(KeySecrets.Matches(longest, KeySecrets.Hash(longest)));
        Assert.False(KeySecrets.Matches(longest + "x", KeySecrets.Hash(longest + "x")));
    }
}
