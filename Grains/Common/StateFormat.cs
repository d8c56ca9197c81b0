namespace EsoCore.Grains.Common;

/// <summary>
/// The format number of a stored state. Fields may be added without a new number, because every program carries along what it does not know;
/// a new number says that an older program would misread what stands there.
/// </summary>
internal static class StateFormat
{
    /// <summary>Refuses a state that a newer program wrote, before anything of it is believed or written over.</summary>
    /// <param name="stored">The number that stands in the state.</param>
    /// <param name="known">The highest number that this program reads.</param>
    /// <param name="owner">Whose state it is, for the message.</param>
    /// <exception cref="InvalidDataException">The state is in a newer format.</exception>
    public static void Check(int stored, int known, string owner)
    {
        if (stored > known)
            throw new InvalidDataException(
                $"The state of {owner} is stored in format {stored}; this program reads up to format {known}. Run the newer program that wrote it.");
    }
}
