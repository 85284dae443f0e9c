namespace Peregrine.Imaging;

/// <summary>An encoded image is damaged, or uses a feature that is not read. It never leaves <see cref="ImageReader"/>.</summary>
internal sealed class InvalidImageException(string message) : Exception(message);
