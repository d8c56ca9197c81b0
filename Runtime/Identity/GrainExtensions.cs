using System.Globalization;
using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime;

/// <summary>What a grain and a reference to a grain know about their address.</summary>
public static class GrainExtensions
{
    /// <summary>The identity of a grain or of the grain a reference points to.</summary>
    /// <exception cref="ArgumentException">The object is neither.</exception>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReference reference => reference.GrainId,
        IGrainBase { GrainContext: { } context } => context.GrainId,
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"{grain.GetType()} is neither a grain nor a grain reference.", nameof(grain)),
    };

    /// <summary>The key of a grain with a string key.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

    /// <summary>The key of a grain with an integer key.</summary>
    /// <exception cref="FormatException">The key is not an integer.</exception>
    public static long GetPrimaryKeyLong(this IAddressable grain) =>
        unchecked((long)ulong.Parse(grain.GetGrainId().Key.ToString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>The key of a grain with a Guid key.</summary>
    /// <exception cref="FormatException">The key is not a Guid.</exception>
    public static Guid GetPrimaryKey(this IAddressable grain) => Guid.ParseExact(grain.GetGrainId().Key.ToString(), "N");

    /// <summary>
    /// A reference to this grain that can be handed to others. A grain never hands out <c>this</c>: calls on it would run outside its
    /// turns.
    /// </summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) where TGrainInterface : IAddressable => grain switch
    {
        GrainReference reference => reference.Runtime.GetGrain<TGrainInterface>(reference.GrainId),
        IGrainBase { GrainContext: Engine.Activation activation } => activation.Runtime.GetGrain<TGrainInterface>(activation.GrainId),
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"{grain.GetType()} is neither a grain nor a grain reference.", nameof(grain)),
    };
}
