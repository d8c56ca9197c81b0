using EsoCore.Grains.Projects;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Projects;

public sealed class SigningKeySealTests
{
    private static readonly Guid Key = Guid.NewGuid();
    private static readonly Guid Owner = Guid.NewGuid();
    private static readonly byte[] SigningKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public void Open_WhatWasSealed_GivesItBack()
    {
        var seal = new SigningKeySeal(new TestKeys());
        Assert.Equal(SigningKey, seal.Open(seal.Seal(SigningKey, Key, Owner), Key, Owner));
    }

    [Fact]
    public void Seal_Twice_GivesDifferentBytesThatBeginWithTheMasterKeysId()
    {
        var seal = new SigningKeySeal(new TestKeys());
        var first = seal.Seal(SigningKey, Key, Owner);
        Assert.NotEqual(first, seal.Seal(SigningKey, Key, Owner));
        Assert.Equal(1, first[0]);
    }

    [Fact]
    public void Open_InAnotherKeysOrDevicesRow_Fails()
    {
        var seal = new SigningKeySeal(new TestKeys());
        var sealedKey = seal.Seal(SigningKey, Key, Owner);
        Assert.Null(seal.Open(sealedKey, Guid.NewGuid(), Owner));
        Assert.Null(seal.Open(sealedKey, Key, Guid.NewGuid()));
    }

    [Fact]
    public void Open_WithAnyByteChangedOrCutOff_Fails()
    {
        var seal = new SigningKeySeal(new TestKeys());
        var sealedKey = seal.Seal(SigningKey, Key, Owner);
        for (var i = 0; i < sealedKey.Length; i++)
        {
            var changed = sealedKey.ToArray();
            changed[i] ^= 1;
            Assert.Null(seal.Open(changed, Key, Owner));
            Assert.Null(seal.Open(sealedKey.AsSpan(0, i), Key, Owner));
        }
    }

    [Fact]
    public void Open_WhileTheMasterKeyRotates_WorksUntilTheOldOneIsRetired()
    {
        var keys = new TestKeys();
        var seal = new SigningKeySeal(keys);
        var old = seal.Seal(SigningKey, Key, Owner);
        keys.Rotate();
        Assert.Equal(SigningKey, seal.Open(old, Key, Owner));
        Assert.Equal(2, seal.Seal(SigningKey, Key, Owner)[0]);
        keys.Retire();
        Assert.Null(seal.Open(old, Key, Owner));
    }
}
