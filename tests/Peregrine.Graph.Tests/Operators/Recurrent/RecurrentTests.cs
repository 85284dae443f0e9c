using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Recurrent;

public sealed class RecurrentTests
{
    [Fact]
    public void Lstm_follows_the_equations_in_both_directions_and_stops_at_each_length()
    {
        const int Steps = 4, Batch = 2, Width = 3, Hidden = 2;
        Random random = new(5);
        Tensor x = Evaluated.Random(random, Steps, Batch, Width), w = Evaluated.Random(random, 2, 4 * Hidden, Width), r = Evaluated.Random(random, 2, 4 * Hidden, Hidden), b = Evaluated.Random(random, 2, 8 * Hidden);
        Tensor h0 = Evaluated.Random(random, 2, Batch, Hidden), c0 = Evaluated.Random(random, 2, Batch, Hidden), p = Evaluated.Random(random, 2, 3 * Hidden), lengths = Tensor.Vector(4, 2);
        double[] y = new double[Steps * 2 * Batch * Hidden], last = new double[2 * Batch * Hidden], memory = new double[2 * Batch * Hidden];
        for (int d = 0; d < 2; d++)
        {
            for (int s = 0; s < Batch; s++)
            {
                double[] h = [.. h0.Span<float>().Slice(((d * Batch) + s) * Hidden, Hidden).ToArray().Select(v => (double)v)], c = [.. c0.Span<float>().Slice(((d * Batch) + s) * Hidden, Hidden).ToArray().Select(v => (double)v)];
                int length = lengths.Span<int>()[s];
                for (int step = 0; step < length; step++)
                {
                    int t = d == 0 ? step : length - 1 - step;
                    double[] before = [.. h];
                    for (int j = 0; j < Hidden; j++)
                    {
                        double Peephole(int gate) => p.Span<float>()[(((d * 3) + gate) * Hidden) + j];
                        double Gate(int gate)
                        {
                            int row = (gate * Hidden) + j;
                            double sum = b.Span<float>()[(d * 8 * Hidden) + row] + (double)b.Span<float>()[(d * 8 * Hidden) + (4 * Hidden) + row];
                            for (int k = 0; k < Width; k++)
                            {
                                sum += (double)w.Span<float>()[(((d * 4 * Hidden) + row) * Width) + k] * x.Span<float>()[(((t * Batch) + s) * Width) + k];
                            }

                            for (int k = 0; k < Hidden; k++)
                            {
                                sum += r.Span<float>()[(((d * 4 * Hidden) + row) * Hidden) + k] * before[k];
                            }

                            return sum;
                        }

                        double i = Sigmoid(Gate(0) + (Peephole(0) * c[j])), f = Sigmoid(Gate(2) + (Peephole(2) * c[j]));
                        c[j] = (f * c[j]) + (i * Math.Tanh(Gate(3)));
                        h[j] = Sigmoid(Gate(1) + (Peephole(1) * c[j])) * Math.Tanh(c[j]);
                        y[(((((t * 2) + d) * Batch) + s) * Hidden) + j] = h[j];
                    }
                }

                h.CopyTo(last, ((d * Batch) + s) * Hidden);
                c.CopyTo(memory, ((d * Batch) + s) * Hidden);
            }
        }

        Tensor[] results = Evaluated.Many(new Lstm { Direction = RecurrentDirection.Bidirectional }, 3, x, w, r, b, lengths, h0, c0, p);
        Evaluated.Near(y, results[0]);
        Evaluated.Near(last, results[1]);
        Evaluated.Near(memory, results[2]);
    }

    [Fact]
    public void Gru_resets_before_or_after_the_product()
    {
        // One unit, one step: every quantity is a scalar.
        Tensor x = Evaluated.Floats([1, 1, 1], 0.5f), w = Evaluated.Floats([1, 3, 1], 0.1f, 0.2f, 0.3f), r = Evaluated.Floats([1, 3, 1], 0.4f, 0.5f, 0.6f), b = Evaluated.Floats([1, 6], 0.01f, 0.02f, 0.03f, 0.04f, 0.05f, 0.06f), h0 = Evaluated.Floats([1, 1, 1], 0.7f);
        double z = Sigmoid(0.05 + 0.28 + 0.05), reset = Sigmoid(0.1 + 0.35 + 0.07);
        double after = Math.Tanh(0.15 + (reset * 0.7 * 0.6) + 0.09), before = Math.Tanh(0.15 + 0.03 + (reset * ((0.7 * 0.6) + 0.06)));
        Evaluated.Near([((1 - z) * after) + (z * 0.7)], Evaluated.One(new Gru(), x, w, r, b, null, h0));
        Evaluated.Near([((1 - z) * before) + (z * 0.7)], Evaluated.One(new Gru { LinearBeforeReset = true }, x, w, r, b, null, h0));
    }

    [Fact]
    public void Batch_first_is_the_same_computation_in_another_order()
    {
        Random random = new(2);
        Tensor x = Evaluated.Random(random, 3, 1, 2), w = Evaluated.Random(random, 1, 4, 2), r = Evaluated.Random(random, 1, 4, 4);
        Tensor steps = Evaluated.One(new Rnn(), x, w, r), batches = Evaluated.One(new Rnn { BatchFirst = true }, x.WithDims([1, 3, 2]), w, r);
        Assert.Equal([1, 3, 1, 4], batches.Dims.ToArray());
        Assert.Equal(steps.Span<float>().ToArray(), batches.Span<float>().ToArray());
    }

    [Fact]
    public void Misfits_are_named()
    {
        Random random = new(2);
        Tensor x = Evaluated.Random(random, 3, 1, 2), w = Evaluated.Random(random, 1, 4, 2), r = Evaluated.Random(random, 1, 4, 4);
        Evaluated.Fails("PG2404", new Rnn(), x, Evaluated.Random(random, 1, 4, 3), r);
        Evaluated.Fails("PG2404", new Rnn { HiddenSize = 5 }, x, w, r);
        Evaluated.Fails("PG2402", new Rnn { Activations = ["Swoosh"] }, x, w, r);
        Evaluated.Fails("PG2401", new Rnn { Activations = ["Tanh", "Tanh", "Tanh"] }, x, w, r);
        Evaluated.Fails("PG2405", new Rnn(), x, w, r, null, Tensor.Vector(4));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
