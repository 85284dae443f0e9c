namespace Peregrine.Operators;

/// <summary>How Resize makes a value from its neighbours.</summary>
public enum ResizeMode
{
    Nearest,
    Linear,
    Cubic,
}

/// <summary>How Resize maps a coordinate of the output to one of the input.</summary>
public enum CoordinateTransformation
{
    HalfPixel,
    HalfPixelSymmetric,
    PyTorchHalfPixel,
    AlignCorners,
    Asymmetric,
    TfCropAndResize,
    /// <summary>Opsets 11 and 12 only: <c>(x + 0.5) / scale</c>.</summary>
    TfHalfPixelForNearest,
}

/// <summary>Which neighbour is the nearest one.</summary>
public enum NearestRounding
{
    RoundPreferFloor,
    RoundPreferCeil,
    Floor,
    Ceil,
}

/// <summary>What Resize does with sizes that would distort the input.</summary>
public enum AspectRatioPolicy
{
    Stretch,
    NotLarger,
    NotSmaller,
}
