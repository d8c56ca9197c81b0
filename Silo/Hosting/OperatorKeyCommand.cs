using EsoCore.Api;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// The command <c>operator-key</c>: prints user and password for <c>/api/installation</c>, which whoever can read the master key knows.
/// </summary>
internal static class OperatorKeyCommand
{
    /// <summary>Runs it; the exit code.</summary>
    /// <exception cref="IOException">There is no master key yet.</exception>
    /// <exception cref="InvalidDataException">The file is not as it must be.</exception>
    public static int Run(SiloArguments arguments, TextWriter output)
    {
        var options = SiloOptions.Of(arguments.Configuration());
        var path = MasterKeyFile.PathOf(options);
        if (!File.Exists(path))
            throw new IOException($"There is no {path}; say --data.");
        output.WriteLine($"{OperatorKey.User}:{OperatorKey.PasswordOf(MasterKeyFile.Read(path).Current(KeyPurposes.Operator))}");
        return 0;
    }
}
