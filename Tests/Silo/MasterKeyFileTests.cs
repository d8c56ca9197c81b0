using EsoCore.Silo.Hosting;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class MasterKeyFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("esocore-key-").FullName;

    private string FilePath => Path.Combine(_directory, MasterKeyFile.FileName);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Open_FirstStart_MakesAKeyForItsOwnerAloneAndKeepsIt()
    {
        var first = MasterKeyFile.Open(_directory);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        Assert.False(MasterKeyFile.IsExposed(Path.Combine(_directory, MasterKeyFile.FileName)));
        var again = MasterKeyFile.Open(_directory);
        Assert.Equal(first.Current("a").Key.ToArray(), again.Current("a").Key.ToArray());
        Assert.Equal(32, first.Current("a").Key.Length);
        Assert.NotEqual(first.Current("a").Key.ToArray(), first.Current("b").Key.ToArray());
    }

    [Fact]
    public void Find_WhileRotating_OpensWhatTheKeyBeforeMade()
    {
        var before = MasterKeyFile.Open(_directory).Current(KeyPurposes.Nonce);
        var lines = File.ReadAllLines(FilePath);
        File.WriteAllLines(FilePath, [$"7 {Convert.ToBase64String(new byte[32])}", .. lines]);

        var rotating = MasterKeyFile.Open(_directory);

        Assert.Equal(7, rotating.Current(KeyPurposes.Nonce).KeyId);
        Assert.Equal(before.Key.ToArray(), rotating.Find(KeyPurposes.Nonce, before.KeyId)!.Key.ToArray());
        Assert.Null(rotating.Find(KeyPurposes.Nonce, 99));
    }

    [Fact]
    public void Open_FirstStart_SaysHowToReplaceTheKeyWithoutLosingWhatItSealed()
    {
        MasterKeyFile.Open(_directory);
        Assert.Contains("Remove the old line when the last server named the new one", File.ReadAllText(FilePath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only words")]
    [InlineData("1 short")]
    [InlineData("0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n3 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void Open_FaultyFile_NamesItAndLeavesItAlone(string text)
    {
        File.WriteAllText(FilePath, text);
        var e = Assert.Throws<InvalidDataException>(() => MasterKeyFile.Open(_directory));
        Assert.Contains(FilePath, e.Message);
        Assert.Equal(text, File.ReadAllText(FilePath));
    }
}
