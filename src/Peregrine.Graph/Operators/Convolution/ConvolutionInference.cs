using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The checks and the output shape that Conv, ConvInteger, QLinearConv and DeformConv share.</summary>
internal static class ConvolutionInference
{
    /// <summary>More dimensions than any model has, few enough for index arithmetic on the stack.</summary>
    public const int MaxRank = 32;

    /// <summary>The output shape for data [N, C, spatial…] and weights [M, C/group, kernel…]; unranked (with or without an error) if it cannot be told.</summary>
    public static Shape Infer(InferenceScope c, int data, int weights, WindowAttributes window, Ints kernelShape, long group)
    {
        if (!c.IsRanked(data) || !c.IsRanked(weights))
        {
            return Shape.Unranked;
        }

        Shape x = c.Shape(data), w = c.Shape(weights);
        if (!CheckRanks(c, x, w, window, kernelShape))
        {
            return Shape.Unranked;
        }

        if (group < 1 || Dim.ProvablyDifferent(w[1] * group, x[1]))
        {
            c.Error("PG2211", $"the data {x} have {x[1]} channels, but the weights {w} with group {group} need {w[1] * group}.");
            return Shape.Unranked;
        }

        if (w[0].IsConstant && w[0].Constant % group != 0)
        {
            c.Error("PG2211", $"the {w[0]} feature maps of the weights {w} cannot be divided into {group} groups.");
            return Shape.Unranked;
        }

        WindowGeometry geometry = window.Resolve(x.AsSpan()[2..], w.AsSpan()[2..]);
        if (geometry.Problem is { } problem)
        {
            c.Error("PG2212", $"{problem}.");
            return Shape.Unranked;
        }

        return Shape.From([x[0], w[0], .. geometry.Output]);
    }

    /// <summary>Ranks, attribute lengths and <c>kernel_shape</c> against the weights.</summary>
    public static bool CheckRanks(InferenceScope c, Shape x, Shape w, WindowAttributes window, Ints kernelShape)
    {
        if (x.Rank < 3 || x.Rank != w.Rank || x.Rank > MaxRank)
        {
            c.Error("PG2210", $"the data {x} and the weights {w} must have one rank of 3 to {MaxRank}: batch, channels and spatial dimensions.");
            return false;
        }

        int spatial = x.Rank - 2;
        if (window.Problem(spatial) is { } problem)
        {
            c.Error("PG2213", $"{problem}.");
            return false;
        }

        for (int i = 0; i < kernelShape.Count; i++)
        {
            if (kernelShape.Count != spatial || Dim.ProvablyDifferent(kernelShape[i], w[i + 2]))
            {
                c.Error("PG2214", $"kernel_shape {kernelShape} contradicts the weights {w}.");
                return false;
            }
        }

        return true;
    }

    /// <summary>Checks that input <paramref name="index"/>, if present, is a vector with one element per feature map.</summary>
    public static void CheckBias(InferenceScope c, int index, Dim featureMaps)
    {
        if (c.Has(index) && c.IsRanked(index) && (c.Shape(index).Rank != 1 || Dim.ProvablyDifferent(c.Shape(index)[0], featureMaps)))
        {
            c.Error("PG2215", $"the bias {c.TypeOf(index)} must have one element for each of the {featureMaps} feature maps.");
        }
    }
}
