namespace EsoCore.Silo.Storage;

/// <summary>How texts are stored.</summary>
internal static class StoredText
{
    /// <summary>Stored texts are empty for none.</summary>
    public static string? OrNull(string text) => text.Length == 0 ? null : text;

    /// <summary>Stored meta is empty for none.</summary>
    public static JsonText Meta(string text) => text.Length == 0 ? JsonText.EmptyObject : new(text);
}
